/**
 * The file with the variables of a running stack, for other commands (`npm run ops`, `npm run replay`, `npm run vault`).
 */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Returns the path of the file in a data folder. */
export const environmentFilePath = (dataFolder: string): string => join(dataFolder, 'stack.env');

/** Quotes a value. Env files have no escapes, so that the quote must not occur in the value. */
const quoted = (value: string): string => {
  const quote = ["'", '"', '`'].find((candidate) => !value.includes(candidate)) ?? "'";
  return `${quote}${value}${quote}`;
};

/** Writes the file atomically. Quoting: https://nodejs.org/api/environment_variables.html#dotenv */
export const writeEnvironmentFile = async (
  dataFolder: string,
  env: Readonly<Record<string, string>>,
): Promise<void> => {
  const file = environmentFilePath(dataFolder);
  const lines = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}\n`);
  await writeFile(`${file}.new`, lines.join(''), { mode: 0o600 });
  await rename(`${file}.new`, file);
};
