/** Creates the connection pool for PostgreSQL. Each process has one. */
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool, type PoolClient } from 'pg';
import { isPostgresError } from './errors.ts';
import { prepareStatements, StatementNames } from './prepared-statements.ts';
import { createTransaction } from './transactions.ts';

export type Database = NodePgDatabase;

export interface DatabaseClient {
  /** `$client` is the pool, for prepared statements. */
  readonly db: Database & { readonly $client: Pool };
  readonly pool: Pool;
  /** Waits for running queries, then closes every connection. Can be called more than once. */
  readonly close: () => Promise<void>;
}

export interface DatabaseClientOptions {
  /** The most connections this process opens. */
  readonly poolSize?: number | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string | undefined;
  /** Client-side timeout of a query, in milliseconds. Must be longer than the server's statement timeout. */
  readonly queryTimeoutMs?: number | undefined;
  /** Called when the server closes an idle connection. The pool replaces the connection itself. */
  readonly onIdleError?: ((error: Error) => void) | undefined;
}

const defaultPoolSize = 10;
export const connectTimeoutMs = 10_000;
/** Every query of this service takes less than a second. A longer one is waiting for a lock. */
const statementTimeoutMs = 15_000;
/** The server is considered unreachable after this. TCP alone would keep a query on a dead connection for 15 minutes. */
const defaultQueryTimeoutMs = 20_000;
export const idleInTransactionTimeoutMs = 30_000;
/**
 * A connection is replaced after this. During a failover, one can be opened to the old primary after the others have left it; when it only
 * reads, nothing is refused on it.
 */
const maxLifetimeSeconds = 40;

const sessionSettings = `SET statement_timeout = ${statementTimeoutMs};
  SET idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs}`;

/**
 * Creates a pool. It connects at the first query.
 * @param url connection string, `postgres://user:password@host:port/database`.
 * @throws at the first query, the error of `pg`, when the server cannot be reached.
 */
export const createDatabaseClient = (url: string, options: DatabaseClientOptions = {}): DatabaseClient => {
  const pool = new Pool({
    connectionString: url,
    max: options.poolSize ?? defaultPoolSize,
    application_name: options.applicationName ?? 'castmatch',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: options.queryTimeoutMs ?? defaultQueryTimeoutMs,
    maxLifetimeSeconds,
    keepAlive: true,
    // Not as parameters of the connection: poolers refuse those that they do not know.
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool awaits it; its types do not say so
    onConnect: async (client) => {
      await client.query(sessionSettings);
    },
  });
  // Without a listener, a restart of the server would end this process.
  pool.on('error', (error) => options.onIdleError?.(error));
  // The pool listens to idle connections only. Without a listener of its own, the loss of a connection in a transaction would end this
  // process. The next statement of the transaction fails with it.
  pool.on('connect', (client) => client.on('error', () => {}));
  const names = new StatementNames();
  pool.on('connect', (client) => prepareStatements(client, names));
  leaveStandbys(pool);
  let closing: Promise<void> | undefined;
  return {
    db: Object.assign(drizzle(pool), { transaction: createTransaction(pool) }),
    pool,
    close: () => {
      closing ??= pool.end();
      return closing;
    },
  };
};

/**
 * Closes all connections when the server of one refuses to write: after a failover, they lead to what is now a standby. Reads
 * would succeed on them for ever, and return what is old. The pool itself closes a connection only when a single query
 * fails, not when a statement of a transaction does.
 */
const leaveStandbys = (pool: Pool): void => {
  const open = new Set<PoolClient>();
  const standbys = new WeakSet<PoolClient>();
  const leave = (): void => {
    for (const client of open) standbys.add(client);
    // Takes the idle connections once: they are closed when they are released.
    for (let idle = pool.idleCount; idle > 0; idle -= 1) {
      pool.connect().then(
        (client) => client.release(),
        () => {},
      );
    }
  };
  pool.on('connect', (client) => {
    open.add(client);
    client.connection.on('errorMessage', (error: unknown) => {
      if (isPostgresError(error, 'read_only_sql_transaction')) leave();
    });
  });
  pool.on('remove', (client) => open.delete(client));
  // The pool removes a connection that is ending when it is released.
  pool.on('release', (_error, client) => {
    if (standbys.has(client)) void client.end();
  });
};
