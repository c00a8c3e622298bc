/**
 * The variables of a running stack, for the commands that one runs beside it (`npm run ops`, `npm run replay`): node
 * reads the file with --env-file-if-exists, and what is set in the shell counts more.
 */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const environmentFile = 'stack.env';

/** Nothing is escaped in such a file: one takes a quote that the value does not hold. */
const quoted = (value: string): string => {
  const quote = ["'", '"', '`'].find((one) => !value.includes(one)) ?? "'";
  return `${quote}${value}${quote}`;
};

/** @see https://nodejs.org/api/environment_variables.html#dotenv for the quoting. */
export const writeEnvironmentFile = async (
  dataFolder: string,
  env: Readonly<Record<string, string>>,
): Promise<void> => {
  const file = join(dataFolder, environmentFile);
  const lines = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}\n`);
  await writeFile(`${file}.new`, lines.join(''), { mode: 0o600 });
  await rename(`${file}.new`, file);
};
