/** Runs a command that uses the database directly. The service need not run. */
import type { Command } from 'commander';
import { createDatabaseClient, type Database } from '../../db/client.ts';
import { assertOwnSessions, PoolerRefused } from '../../db/pooler.ts';
import { readDatabaseUrls } from '../../foundation/configuration/cli-configuration.ts';
import { createOutput, type Output } from './output.ts';

/** The database does not answer. */
export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable';
}

interface DatabaseSettings {
  readonly databaseUrl: string;
  readonly keyDatabaseUrl: string;
  readonly poolSize: number;
  readonly applicationName: string;
}

const opsDatabaseSettings = (): DatabaseSettings => ({
  ...readDatabaseUrls(),
  poolSize: 2,
  applicationName: 'castmatch-ops',
});

/**
 * Connects to the database, runs `work`, and closes the connection. `keys` is the key database, which is connected when it
 * is used.
 *
 * @throws {DatabaseUnreachable} when it does not answer.
 * @throws {PoolerRefused} when the address leads to a pooler that shares sessions
 */
export const withDatabase = async (
  command: Command,
  work: (db: Database, output: Output, keys: Database) => Promise<void>,
  { databaseUrl, keyDatabaseUrl, ...options }: DatabaseSettings = opsDatabaseSettings(),
): Promise<void> => {
  const database = createDatabaseClient(databaseUrl, options);
  const keys = createDatabaseClient(keyDatabaseUrl, options);
  try {
    await assertOwnSessions(databaseUrl, 'DATABASE_URL').catch((cause: unknown) => {
      if (cause instanceof PoolerRefused) throw cause;
      throw new DatabaseUnreachable('The database does not answer. Check DATABASE_URL.', { cause });
    });
    await work(database.db, createOutput(command), keys.db);
  } finally {
    await Promise.all([database.close(), keys.close()]);
  }
};
