/** Whether one can work with the database now. */
import type { Pool } from 'pg';
import { newestMigration } from './migrate.ts';

/** Shorter than what probes wait for: a pool that waits for a connection waits longer than that. */
const defaultTimeoutMs = 2_000;

/**
 * A check that throws when the database does not answer in time, or lacks migrations of this program. Whoever asks
 * while a question is under way shares it, so that probes do not queue up behind a database that hangs.
 */
export const createDatabaseCheck = (
  pool: Pick<Pool, 'query'>,
  timeoutMs = defaultTimeoutMs,
): (() => Promise<void>) => {
  const newest = newestMigration();
  let pendingQuery: Promise<void> | undefined;

  const runQuery = async (): Promise<void> => {
    const { rowCount } = await pool.query(
      'SELECT 1 FROM drizzle.__drizzle_migrations WHERE created_at >= $1 LIMIT 1',
      [newest],
    );
    if (rowCount === 0) throw new Error('the tables are older than this program');
  };
  const runSharedQuery = (): Promise<void> => {
    pendingQuery ??= runQuery().finally(() => {
      pendingQuery = undefined;
    });
    return pendingQuery;
  };

  return async () => {
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      await Promise.race([runSharedQuery(), timeout]);
    } finally {
      clearTimeout(timer);
    }
  };
};
