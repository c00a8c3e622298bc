/**
 * Histories as files: the JSON of `temporal workflow show -o json` and of the Web UI's download. Payloads stay as the
 * server stores them, encrypted: decoded ones could not be replayed, and could not be kept in a repository.
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

/** Not a file that holds a history. */
export class NotAHistory extends Error {
  override readonly name = 'NotAHistory';
}

/**
 * The workflow's id is taken from the history, where servers since 1.25 write it, else from the file's name.
 * @throws {NotAHistory} when the file holds something else.
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
      `${path} holds no history: save one with \`npm run replay -- <workflow id> --save <file>\``,
      { cause },
    );
  }
};

/** Every `.json` of the folder and of those in it, in the order of their names. */
export const readHistories = async (folder: string): Promise<readonly RecordedHistory[]> => {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.json')).sort();
  return Promise.all(files.map((file) => readHistory(join(folder, file))));
};

export const saveHistory = async (path: string, { history }: RecordedHistory): Promise<void> =>
  writeFile(path, `${historyToJSON(history)}\n`);
