/** Checks whether the database answers, can be written, and has all migrations of this version. */
import type { Pool } from 'pg';
import { newestMigration } from './migrate.ts';

/** Must be shorter than the timeout of health probes. A pool can wait longer than a probe for a connection. */
const defaultTimeoutMs = 2_000;

/**
 * Creates the readiness check of the database. Concurrent calls share one query, so probes do not queue up when the
 * database hangs.
 * @param timeoutMs how long the check waits for an answer, in milliseconds.
 * @throws when the database does not answer in time, fails, refuses to write, or lacks migrations of this version.
 */
export const createDatabaseCheck = (
  pool: Pick<Pool, 'connect'>,
  timeoutMs = defaultTimeoutMs,
): (() => Promise<void>) =>
  createCheck(
    pool,
    {
      text: `SELECT current_setting('transaction_read_only') AS readonly FROM drizzle.__drizzle_migrations
         WHERE created_at >= $1 LIMIT 1`,
      values: [newestMigration()],
      write: 'DELETE FROM drizzle.__drizzle_migrations WHERE false',
      missing: 'the database lacks migrations of this version: run db/migrate.ts',
    },
    timeoutMs,
  );

/**
 * Creates the readiness check of the key database. Without it, nothing can be encrypted or decrypted.
 * @throws when it does not answer in time, fails, refuses to write, or lacks its tables.
 */
export const createKeyDatabaseCheck = (pool: Pick<Pool, 'connect'>): (() => Promise<void>) =>
  createCheck(
    pool,
    {
      text: `SELECT current_setting('transaction_read_only') AS readonly WHERE to_regclass('data_keys') IS NOT NULL`,
      values: [],
      write: 'DELETE FROM data_keys WHERE false',
      missing: 'the key database lacks its tables: run db/migrate.ts',
    },
    defaultTimeoutMs,
  );

interface CheckQuery {
  /** Returns a row with `readonly` when the tables are there. */
  readonly text: string;
  readonly values: readonly unknown[];
  /** A statement that changes nothing. A server that is read-only refuses it. */
  readonly write: string;
  /** The message when there is no row. */
  readonly missing: string;
}

const createCheck = (
  pool: Pick<Pool, 'connect'>,
  { text, values, write, missing }: CheckQuery,
  timeoutMs: number,
): (() => Promise<void>) => {
  let pendingQuery: Promise<void> | undefined;

  const runQuery = async (): Promise<void> => {
    const client = await pool.connect();
    let isUsable = false;
    try {
      const { rows } = await client.query<{ readonly: string }>(text, [...values]);
      if (rows[0]?.readonly === 'on') {
        // The pool leaves the server when a write is refused.
        await client.query(write).catch(() => {});
        throw new Error('the database refuses to write: it is a standby, or its sessions are read-only');
      }
      if (rows.length === 0) throw new Error(missing);
      isUsable = true;
    } finally {
      // The next connection may lead to the server that took over.
      client.release(!isUsable);
    }
  };
  const runSharedQuery = (): Promise<void> => {
    pendingQuery ??= runQuery().finally(() => {
      pendingQuery = undefined;
    });
    return pendingQuery;
  };

  return async () => {
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`the database did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      await Promise.race([runSharedQuery(), timeout]);
    } finally {
      clearTimeout(timer);
    }
  };
};

/** Combines checks that run simultaneously. It fails with the first that fails. */
export const checkAll =
  (...checks: readonly (() => Promise<void>)[]) =>
  async (): Promise<void> => {
    await Promise.all(checks.map((check) => check()));
  };
