/** Applies the migrations of `db/migrations`. Also a program: `DATABASE_URL=… node db/migrate.ts`. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';
import { keyDatabaseUrlOf } from '../foundation/configuration/key-database-url.ts';
import { connectTimeoutMs, idleInTransactionTimeoutMs } from './client.ts';
import { isDatabaseOutage, isMissingDatabase } from './errors.ts';
import { assertOwnSessions } from './pooler.ts';
import { assertNoEarlierVersion } from './vault/earlier-version.ts';
import { migrateKeyDatabase } from './vault/key-database.ts';

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

/** Returns the timestamp of the newest migration of this version, as the migrator stores it in `created_at`. */
export const newestMigration = (): number =>
  Math.max(...readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis));

/** Key of the advisory lock. The number is arbitrary, but all versions of this service must use the same one. */
const migrationLock = 4_711_001;

/**
 * Applies all missing migrations in one transaction, under an advisory lock. When several processes start
 * simultaneously, one of them migrates. The others wait for the lock and find nothing to do. Then creates the key database.
 * @param keyDatabaseUrl the database of the data keys
 * @throws the error of `pg`. Then no migration was applied, or the key database is missing: the call can be repeated.
 * @throws {KeyDatabaseMissing} when the key database does not exist and cannot be created
 * @throws {KeyDatabaseIsMain} when the address of the key database leads to the main database
 * @throws {EarlierVersionRuns} when the keys would move away from running processes of an earlier version
 * @throws {PoolerRefused} when an address leads to a pooler that shares sessions, before anything is changed
 */
export const migrate = async (url: string, keyDatabaseUrl = keyDatabaseUrlOf(url)): Promise<void> => {
  await assertOwnSessions(url, 'DATABASE_URL');
  await assertOwnSessions(keyDatabaseUrl, 'KEY_DATABASE_URL').catch(ignoreMissing);
  const client = new Client({
    connectionString: url,
    application_name: 'castmatch migrate',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  try {
    await client.connect();
    await client.query(`SET idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs}`);
    // No timeout for the lock: the process that holds it is migrating.
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await assertNoEarlierVersion(client);
    await applyMigrations(drizzle(client), { migrationsFolder });
    await migrateKeyDatabase(client, keyDatabaseUrl, migrationLock);
  } finally {
    // Closes the session, which releases the lock.
    await client.end();
  }
};

/** The key database is created after the migration. */
const ignoreMissing = (error: unknown): void => {
  if (!isMissingDatabase(error)) throw error;
};

const retryIntervalMs = 1_000;

/**
 * Migrates like `migrate`, and retries every second while the database cannot be reached. Calls `onRetry` before each
 * retry. For processes that can start before their database.
 * @param timeoutMs how long to retry, in milliseconds.
 * @throws the error of `pg`: after `timeoutMs`, or immediately when the error is not an outage.
 */
export const migrateAtStart = async (
  url: string,
  {
    onRetry,
    timeoutMs = 60_000,
    keyDatabaseUrl,
  }: {
    readonly onRetry: (error: unknown) => void;
    readonly timeoutMs?: number;
    readonly keyDatabaseUrl?: string;
  },
): Promise<void> => {
  for (const end = Date.now() + timeoutMs; ; await pause(retryIntervalMs)) {
    try {
      return await migrate(url, keyDatabaseUrl);
    } catch (error) {
      if (!isDatabaseOutage(error) || Date.now() > end) throw error;
      onRetry(error);
    }
  }
};

if (import.meta.main) {
  // oxlint-disable-next-line node/no-process-env -- runs without the rest of the configuration
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL is not set: set it to the address of the database to migrate');
  // oxlint-disable-next-line node/no-process-env -- runs without the rest of the configuration
  await migrate(url, process.env['KEY_DATABASE_URL'] || undefined);
  process.stdout.write('The database is up to date.\n');
}
