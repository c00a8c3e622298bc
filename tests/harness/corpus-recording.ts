/** Adds histories to the replay corpus: `npm run replay:record` runs the workflow tests and stores their histories. */
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { corpusFolder } from '../../workers/replay/corpus.ts';
import { type RecordedHistory, saveHistory } from '../../workers/replay/history-file.ts';

const isRecording = process.env['RECORD_HISTORIES'] === '1';

/** Each version has its own folder. A recorded history is never replaced: auditions can be running with its code. */
const folder = join(corpusFolder, packageJson.version);

/**
 * Stores the history while recording; otherwise checks that the corpus contains the scenario.
 * @throws Error when the scenario was not recorded
 */
export const recordOrRequireHistory = async (scenario: string, recorded: RecordedHistory): Promise<void> => {
  const path = join(folder, `${scenario}.json`);
  if (await exists(path)) return;
  if (!isRecording) {
    throw new Error(`the scenario '${scenario}' is not in the replay corpus: run npm run replay:record`);
  }
  await mkdir(folder, { recursive: true });
  await saveHistory(path, recorded);
};

const exists = async (path: string): Promise<boolean> => {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
};
