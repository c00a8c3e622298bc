/** Brings the database to the newest migration. Also a program: `node db/migrate.ts`, with `DATABASE_URL`. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';
import { connectTimeoutMs } from './client.ts';
import { isDatabaseOutage } from './errors.ts';

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

/** The newest migration of this program, by the number that the migrator keeps of it. */
export const newestMigration = (): number =>
  Math.max(...readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis));

/** Any number will do, as long as all versions of this service take the same. */
const migrationLock = 4_711_001;

/**
 * Applies what is missing, in one transaction, under an advisory lock: of several processes that start at once, one
 * migrates and the others wait for it and find nothing to do. Throws what `pg` throws, with nothing applied.
 */
export const migrate = async (url: string): Promise<void> => {
  const client = new Client({
    connectionString: url,
    application_name: 'castmatch migrate',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  await client.connect();
  try {
    // The lock itself is waited for without end: whoever has it is migrating.
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await applyMigrations(drizzle(client), { migrationsFolder });
  } finally {
    // Ends the session, and the lock with it.
    await client.end();
  }
};

const retryIntervalMs = 1_000;

/**
 * As `migrate`, for a process that may be started before its database: waits for one that is away, and calls `waiting`
 * each time it is asked in vain. Throws what `pg` throws, after `withinMs` or for what will not pass.
 */
export const migrateAtStart = async (
  url: string,
  {
    onRetry,
    timeoutMs = 60_000,
  }: { readonly onRetry: (error: unknown) => void; readonly timeoutMs?: number },
): Promise<void> => {
  for (const end = Date.now() + timeoutMs; ; await pause(retryIntervalMs)) {
    try {
      return await migrate(url);
    } catch (error) {
      if (!isDatabaseOutage(error) || Date.now() > end) throw error;
      onRetry(error);
    }
  }
};

if (import.meta.main) {
  // oxlint-disable-next-line node/no-process-env -- runs before, and without, the rest of the configuration
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL is not set: say which database to migrate');
  await migrate(url);
  process.stdout.write('The database is up to date.\n');
}
