/** How scenarios get into the replay corpus: `npm run replay:record` plays the workflow tests and keeps what happened. */
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { corpusFolder } from '../../workers/replay/corpus.ts';
import { type RecordedHistory, saveHistory } from '../../workers/replay/history-file.ts';

const isRecording = process.env['RECORD_HISTORIES'] === '1';

/** One folder for each version: what was recorded under a released one is never written again. */
const folder = join(corpusFolder, packageJson.version);

/** Keeps the history while recording; otherwise makes sure that one is there. */
export const recordOrRequireHistory = async (scenario: string, recorded: RecordedHistory): Promise<void> => {
  const path = join(folder, `${scenario}.json`);
  if (isRecording) {
    await mkdir(folder, { recursive: true });
    await saveHistory(path, recorded);
    return;
  }
  try {
    await access(path);
  } catch {
    throw new Error(`the scenario '${scenario}' is not in the replay corpus: run npm run replay:record`);
  }
};
