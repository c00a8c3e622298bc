/** Writes rows as the processes of earlier versions did. */
import type { PoolClient } from 'pg';
import type { DatabaseClient } from '../../db/client.ts';

/** Runs the statements in a transaction without triggers, which refuse what only earlier versions have stored. */
export const asEarlierVersion = async (
  pool: DatabaseClient['pool'],
  write: (client: Pick<PoolClient, 'query'>) => Promise<unknown>,
): Promise<void> => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query("SET LOCAL session_replication_role = 'replica'");
    await write(client);
    await client.query('COMMIT');
  } finally {
    // Closes the connection: a transaction that has failed must not return to the pool.
    client.release(true);
  }
};
