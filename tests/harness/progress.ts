/** Writes down what a random test does, so that a failure can be analyzed: `TEST_PROGRESS` names the file. */
import { appendFileSync } from 'node:fs';

const file = process.env['TEST_PROGRESS'];

/** Appends a line with the time. Does nothing when no file is named. */
export const noteProgress = (text: string): void => {
  if (file) appendFileSync(file, `${new Date().toISOString()} ${text}\n`);
};
