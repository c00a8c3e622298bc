/** The way to PostgreSQL: one pool per process. */
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';

export type Database = NodePgDatabase;

export interface DatabaseClient {
  /** `$client`: the pool, for statements that are prepared. */
  readonly db: Database & { readonly $client: Pool };
  readonly pool: Pool;
  /** Waits for the queries under way, then closes every connection. May be called twice. */
  readonly close: () => Promise<void>;
}

export interface DatabaseClientOptions {
  /** The most connections this process opens. */
  readonly poolSize?: number | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string | undefined;
  /** How long an answer is waited for, in milliseconds: longer than the server works on it. */
  readonly queryTimeoutMs?: number | undefined;
  /** Called when the server drops a connection nobody is using. The pool replaces it by itself. */
  readonly onIdleError?: ((error: Error) => void) | undefined;
}

const defaultPoolSize = 10;
export const connectTimeoutMs = 10_000;
/** No query of ours takes seconds. One that does waits for a lock it will not get. */
const statementTimeoutMs = 15_000;
/** After that nobody is there any more: a way that was cut without a word would keep its queries for a quarter of an hour. */
const defaultQueryTimeoutMs = 20_000;
const idleInTransactionTimeoutMs = 30_000;

/** Connects when the first query comes. Throws, at that query, what `pg` throws. */
export const createDatabaseClient = (url: string, options: DatabaseClientOptions = {}): DatabaseClient => {
  const pool = new Pool({
    connectionString: url,
    max: options.poolSize ?? defaultPoolSize,
    application_name: options.applicationName ?? 'castmatch',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: options.queryTimeoutMs ?? defaultQueryTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    keepAlive: true,
  });
  // Without a listener, a restart of the server would end this process.
  pool.on('error', (error) => options.onIdleError?.(error));
  let closing: Promise<void> | undefined;
  return {
    db: drizzle(pool),
    pool,
    close: () => {
      closing ??= pool.end();
      return closing;
    },
  };
};
