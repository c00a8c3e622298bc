/** Whether one can work with the database now. */
import type { Pool } from 'pg';
import { newestMigration } from './migrate.ts';

/** Shorter than what probes wait for: a pool that waits for a connection waits longer than that. */
const answersWithinMs = 2_000;

/**
 * A check that throws when the database does not answer in time, or lacks migrations of this program. Whoever asks
 * while a question is under way shares it, so that probes do not queue up behind a database that hangs.
 */
export const createDatabaseCheck = (
  pool: Pick<Pool, 'query'>,
  withinMs = answersWithinMs,
): (() => Promise<void>) => {
  const newest = newestMigration();
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    const { rowCount } = await pool.query(
      'SELECT 1 FROM drizzle.__drizzle_migrations WHERE created_at >= $1 LIMIT 1',
      [newest],
    );
    if (rowCount === 0) throw new Error('the tables are older than this program');
  };
  const askOnce = (): Promise<void> => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };

  return async () => {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs);
    try {
      await Promise.race([askOnce(), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  };
};
