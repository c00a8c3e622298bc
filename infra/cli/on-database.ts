/** A command that works on the database itself, whether the service runs or not. */
import type { Command } from 'commander';
import { connectDatabase, type Database } from '../../db/client.ts';
import { readDatabaseUrl } from '../../foundation/configuration/operator.ts';
import { type Output, outputTo } from './output.ts';

export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
}

interface Access {
  readonly databaseUrl: string;
  readonly poolSize: number;
  readonly applicationName: string;
}

const opsAccess = (): Access => ({
  databaseUrl: readDatabaseUrl(),
  poolSize: 2,
  applicationName: 'castmatch-ops',
});

export const onDatabase = async (
  command: Command,
  work: (db: Database, output: Output) => Promise<void>,
  { databaseUrl, ...options }: Access = opsAccess(),
): Promise<void> => {
  const database = connectDatabase(databaseUrl, options);
  try {
    await database.pool.query('SELECT 1').catch((cause: unknown) => {
      throw new DatabaseAway('The database does not answer. Check DATABASE_URL.', { cause });
    });
    await work(database.db, outputTo(command));
  } finally {
    await database.close();
  }
};
