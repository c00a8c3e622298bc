/**
 * Reads and writes histories as files, in the JSON format of `temporal workflow show -o json` and of the Web UI's
 * download. Payloads stay encrypted, as the server stores them. Decrypted payloads could not be replayed, and must not
 * be stored in a repository.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type History, historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { z } from 'zod';

export interface RecordedHistory {
  readonly workflowId: string;
  readonly history: History;
}

const fileSchema = z.looseObject({ events: z.array(z.looseObject({ eventId: z.string() })).min(1) });

/** The file does not contain a history. */
export class NotAHistory extends Error {
  override readonly name = 'NotAHistory';
}

/**
 * Reads a history. The workflow id comes from the history (servers since 1.25 write it there), otherwise from the file
 * name.
 * @throws {NotAHistory} when the file does not contain a history.
 */
export const readHistory = async (path: string): Promise<RecordedHistory> => {
  const history = parseHistory(await readFile(path, 'utf8'), path);
  const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
  return { workflowId: started?.workflowId || basename(path, '.json'), history };
};

const parseHistory = (text: string, path: string): History => {
  try {
    return historyFromJSON(fileSchema.parse(JSON.parse(text)));
  } catch (cause) {
    throw new NotAHistory(
      `${path} contains no history: save one with \`npm run replay -- <workflow id> --save <file>\``,
      { cause },
    );
  }
};

/** Reads every `.json` file of the folder and its subfolders, in the order of their names. */
export const readHistories = async (folder: string): Promise<readonly RecordedHistory[]> => {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.json')).sort();
  return Promise.all(files.map((file) => readHistory(join(folder, file))));
};

/** Writes the history to the file, with its payloads encrypted. */
export const saveHistory = async (path: string, { history }: RecordedHistory): Promise<void> =>
  writeFile(path, `${historyToJSON(history)}\n`);
