/** A command that works on the database itself, whether the service runs or not. */
import type { Command } from 'commander';
import { connectDatabase, type Database } from '../../../db/connection.ts';
import { readDatabaseUrl } from '../../configuration/operator.ts';
import { CallRefused } from './http-client.ts';
import { type Output, outputTo } from './print.ts';

export const onDatabase = async (
  command: Command,
  work: (db: Database, output: Output) => Promise<void>,
): Promise<void> => {
  const database = connectDatabase(readDatabaseUrl(), {
    poolSize: 2,
    applicationName: 'castmatch-ops',
  });
  try {
    await database.pool.query('SELECT 1').catch((cause: unknown) => {
      throw new CallRefused('The database does not answer. Check DATABASE_URL.', { cause });
    });
    await work(database.db, outputTo(console.log, command.optsWithGlobals()['json'] === true));
  } finally {
    await database.close();
  }
};
