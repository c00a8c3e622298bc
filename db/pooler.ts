/**
 * Refuses a connection pooler such as PgBouncer between this service and PostgreSQL. Transactions of other clients would
 * share a session with its prepared statements, advisory locks, LISTEN and timeouts.
 * Source: https://www.pgbouncer.org/features.html
 */
import { type Client, DatabaseError } from 'pg';
import { idleInTransactionTimeoutMs } from './client.ts';

/** Not an outage: to try again does not help. */
export class PoolerRefused extends Error {
  override readonly name = 'PoolerRefused';

  constructor(reason: string) {
    super(
      `DATABASE_URL leads to a connection pooler such as PgBouncer, which ${reason}: set it to the address of PostgreSQL itself (this service has a pool of its own)`,
    );
  }
}

/** A pooler refuses unknown settings by this code and text. PostgreSQL knows the setting. */
const refusesSettings = (error: unknown): boolean =>
  error instanceof DatabaseError &&
  error.code === '08P01' &&
  error.message.includes('unsupported startup parameter');

/**
 * Connects a client that has set `idle_in_transaction_session_timeout`, as each connection of the pool does.
 * @throws {PoolerRefused} when the setting is refused, or ignored (PgBouncer's `ignore_startup_parameters`)
 */
export const connectWithoutPooler = async (client: Client): Promise<void> => {
  try {
    await client.connect();
  } catch (error) {
    if (refusesSettings(error)) throw new PoolerRefused('refuses the settings of a session');
    throw error;
  }
  const { rows } = await client.query<{ ms: number }>(
    `SELECT setting::int AS ms FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'`,
  );
  if (rows[0]?.ms !== idleInTransactionTimeoutMs)
    throw new PoolerRefused('ignores the settings of a session');
};
