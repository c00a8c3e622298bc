/**
 * Writes the variables of a running stack to a file for other commands (`npm run ops`, `npm run replay`).
 * Node reads the file with --env-file-if-exists. Variables of the shell take precedence.
 */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const environmentFile = 'stack.env';

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
  const file = join(dataFolder, environmentFile);
  const lines = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}\n`);
  await writeFile(`${file}.new`, lines.join(''), { mode: 0o600 });
  await rename(`${file}.new`, file);
};
