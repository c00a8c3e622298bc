/**
 * Reads the settings of the operator commands: the address of the API and a key for it, or the database
 * address.
 */
import { z } from 'zod';
import { setValues, valueProblem } from './environment-values.ts';
import { keyDatabaseUrlOf } from './key-database-url.ts';

const apiVariables = z.object({
  CASTMATCH_API_URL: z.url().transform((url) => url.replace(/\/+$/, '')),
  CASTMATCH_API_KEY: z.string().min(1),
});
const databaseAddress = z.string().regex(/^postgres(ql)?:\/\//);
const databaseVariables = z.object({
  DATABASE_URL: databaseAddress,
  KEY_DATABASE_URL: databaseAddress.optional(),
});

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const hints: Readonly<Record<string, string>> = {
  CASTMATCH_API_URL: 'the address of the API, such as http://127.0.0.1:3000',
  CASTMATCH_API_KEY: 'an API key with the role operator or admin',
  DATABASE_URL: 'the PostgreSQL database, such as postgres://user:password@host:5432/castmatch',
  KEY_DATABASE_URL: 'the database of the data keys, or leave it unset',
};

const read = <Settings>(schema: z.ZodType<Settings>, env: NodeJS.ProcessEnv): Settings => {
  const values = setValues(env);
  const parsed = schema.safeParse(values);
  const odd = Object.keys(hints).filter((name) => valueProblem(values[name] ?? '') !== undefined);
  if (parsed.success && odd.length === 0) return parsed.data;
  const names = [...new Set([...(parsed.error?.issues ?? []).map(({ path }) => String(path[0])), ...odd])];
  const lines = names.map((name) => `Set ${name}: ${hints[name] ?? 'a value'}.`);
  throw new UsageError(
    [...lines, 'Or start the local stack with `npm start`: it sets these variables.'].join('\n'),
  );
};

/**
 * Reads the address of the API and the API key from the environment.
 *
 * @throws {UsageError} with one line for each variable that is missing or malformed.
 */
export const readApiSettings = (env: NodeJS.ProcessEnv = process.env) => {
  const { CASTMATCH_API_URL: url, CASTMATCH_API_KEY: key } = read(apiVariables, env);
  return { url, key };
};

/**
 * Returns the environment of the Temporal CLI. With the settings of the API, the CLI decrypts payloads through its codec
 * server (https://docs.temporal.io/cli/cmd-options).
 */
export const temporalCliEnvironment = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => {
  const { CASTMATCH_API_URL, CASTMATCH_API_KEY: key } = setValues(env);
  const api = CASTMATCH_API_URL?.replace(/\/+$/, '');
  const codec =
    api && key ? { TEMPORAL_CODEC_ENDPOINT: `${api}/codec`, TEMPORAL_CODEC_AUTH: `Bearer ${key}` } : {};
  return { ...codec, ...env };
};

/**
 * Reads the addresses of both databases from the environment.
 *
 * @throws {UsageError} when the first is missing or one is malformed.
 */
export const readDatabaseUrls = (env: NodeJS.ProcessEnv = process.env) => {
  const { DATABASE_URL: databaseUrl, KEY_DATABASE_URL: keyDatabaseUrl } = read(databaseVariables, env);
  return { databaseUrl, keyDatabaseUrl: keyDatabaseUrl ?? keyDatabaseUrlOf(databaseUrl) };
};
