/** Reads the settings of `db/migrate.ts`, which runs without the rest of the configuration. */
import { z } from 'zod';

const address = z
  .string()
  .trim()
  .regex(/^postgres(ql)?:\/\//);
const optionalAddress = z.preprocess((text) => (text === '' ? undefined : text), address.optional());

const schema = z.object({
  DATABASE_URL: address.describe('The database to migrate, as the service connects to it'),
  DATABASE_OWNER_URL: optionalAddress.describe('The same database, as the owner of its tables'),
  KEY_DATABASE_URL: optionalAddress.describe('The database of the data keys'),
});

const problems: Readonly<Record<string, string>> = {
  DATABASE_URL: 'DATABASE_URL is not set: set it to the address of the database to migrate',
  DATABASE_OWNER_URL:
    'DATABASE_OWNER_URL is not an address such as postgres://owner:password@host:5432/castmatch',
  KEY_DATABASE_URL:
    'KEY_DATABASE_URL is not an address such as postgres://user:password@host:5432/castmatch_keys',
};

/** @throws {Error} which names each setting that is missing or malformed. */
export const readMigrationSettings = (env: NodeJS.ProcessEnv = process.env) => {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
    throw new Error([...names].map((name) => problems[name] ?? name).join('\n'));
  }
  const {
    DATABASE_URL: databaseUrl,
    DATABASE_OWNER_URL: ownerUrl,
    KEY_DATABASE_URL: keyDatabaseUrl,
  } = parsed.data;
  return { databaseUrl, ownerUrl, keyDatabaseUrl };
};
