/**
 * Applies the migrations of `db/migrations`. Also a program: `DATABASE_URL=… node db/migrate.ts`. With `DATABASE_OWNER_URL`, it
 * migrates as the owner of the tables, and grants the role of `DATABASE_URL` what the service needs.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';
import { keyDatabaseUrlOf } from '../foundation/configuration/key-database-url.ts';
import { readMigrationSettings } from '../foundation/configuration/migration-settings.ts';
import { belongsToAnotherRole, grantToApplication, roleOf } from './application-role.ts';
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

/** The tables belong to another role, and lack migrations of this version. */
class OwnerMustMigrate extends Error {
  override readonly name = 'OwnerMustMigrate';

  constructor() {
    super(
      'the database lacks migrations of this version, and its tables belong to another role: run db/migrate.ts with DATABASE_OWNER_URL, then start this process again',
    );
  }
}

/**
 * Applies all missing migrations in one transaction, under an advisory lock. When several processes start
 * simultaneously, one of them migrates. The others wait for the lock and find nothing to do. Then creates the key database.
 * @param keyDatabaseUrl the database of the data keys
 * @param applicationRole the role of the service, when `url` is that of another one: gets the rights that the service needs
 * @throws the error of `pg`. Then no migration was applied, or the key database is missing: the call can be repeated.
 * @throws {KeyDatabaseMissing} when the key database does not exist and cannot be created
 * @throws {KeyDatabaseIsMain} when the address of the key database leads to the main database
 * @throws {EarlierVersionRuns} when the keys would move away from running processes of an earlier version
 * @throws {PoolerRefused} when an address leads to a pooler that shares sessions, before anything is changed
 */
export const migrate = async (
  url: string,
  keyDatabaseUrl = keyDatabaseUrlOf(url),
  applicationRole?: string,
): Promise<void> => {
  await assertNoSharedSessions(url, keyDatabaseUrl);
  await applyAll(url, keyDatabaseUrl, applicationRole);
};

const assertNoSharedSessions = async (url: string, keyDatabaseUrl: string): Promise<void> => {
  await assertOwnSessions(url, 'DATABASE_URL');
  await assertOwnSessions(keyDatabaseUrl, 'KEY_DATABASE_URL').catch(ignoreMissing);
};

/** The key database is created after the migration. */
const ignoreMissing = (error: unknown): void => {
  if (!isMissingDatabase(error)) throw error;
};

const applyAll = (url: string, keyDatabaseUrl: string, applicationRole?: string): Promise<void> =>
  withClient(url, async (client) => {
    // No timeout for the lock: the process that holds it is migrating.
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await assertNoEarlierVersion(client);
    await applyMigrations(drizzle(client), { migrationsFolder });
    if (applicationRole !== undefined) await grantToApplication(client, applicationRole);
    await migrateKeyDatabase(client, keyDatabaseUrl, migrationLock, applicationRole);
  });

/** Connects, runs the work, and closes the session, which releases its locks. */
const withClient = async <Result>(
  url: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> => {
  const client = new Client({
    connectionString: url,
    application_name: 'castmatch migrate',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // An error while no query runs. The next query fails with it.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(`SET idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs}`);
    return await work(client);
  } finally {
    await client.end();
  }
};

/**
 * `owner`: the role of the service has migrated the tables. It owns them, so it can change the audit trail. `separate`: the tables
 * belong to another role.
 */
export type RoleSeparation = 'owner' | 'separate';

const migrateUnlessSeparate = async (
  url: string,
  keyDatabaseUrl = keyDatabaseUrlOf(url),
): Promise<RoleSeparation> => {
  await assertNoSharedSessions(url, keyDatabaseUrl);
  const isSeparate = await withClient(url, async (client) => {
    if (!(await belongsToAnotherRole(client))) return false;
    const { rowCount } = await client.query(
      'SELECT FROM drizzle.__drizzle_migrations WHERE created_at >= $1 LIMIT 1',
      [newestMigration()],
    );
    if (rowCount === 0) throw new OwnerMustMigrate();
    return true;
  });
  if (isSeparate) return 'separate';
  await applyAll(url, keyDatabaseUrl);
  return 'owner';
};

const retryIntervalMs = 1_000;

/**
 * Migrates like `migrate`, and retries every second while the database cannot be reached. Calls `onRetry` before each
 * retry. For processes that can start before their database. When the tables belong to another role, it only checks that
 * they are of this version, and retries while they are not: the owner can be migrating.
 * @param timeoutMs how long to retry, in milliseconds.
 * @throws the error of `pg`: after `timeoutMs`, or immediately when the error is not an outage.
 * @throws {OwnerMustMigrate} after `timeoutMs`, when the owner has not migrated.
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
): Promise<RoleSeparation> => {
  for (const end = Date.now() + timeoutMs; ; await pause(retryIntervalMs)) {
    try {
      return await migrateUnlessSeparate(url, keyDatabaseUrl);
    } catch (error) {
      const canPass = isDatabaseOutage(error) || error instanceof OwnerMustMigrate;
      if (!canPass || Date.now() > end) throw error;
      onRetry(error);
    }
  }
};

if (import.meta.main) {
  const { databaseUrl, ownerUrl, keyDatabaseUrl } = readMigrationSettings();
  if (ownerUrl === undefined) await migrate(databaseUrl, keyDatabaseUrl);
  else await migrate(ownerUrl, keyDatabaseUrl, roleOf(databaseUrl));
  process.stdout.write('The database is up to date.\n');
}
