/**
 * Runs transactions on the connections of a pool. Drizzle's own (0.45) never returns a connection whose BEGIN has failed, and returns one
 * on which a statement was not answered as if it were whole: after some outages, the pool has no connection left that works.
 * https://github.com/drizzle-team/drizzle-orm/issues/6114
 */
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Pool } from 'pg';
import { isDatabaseOutage } from './errors.ts';

/** Returns the method `transaction` of a database, which closes a connection that was lost or that does not answer. */
export const createTransaction =
  (pool: Pool): NodePgDatabase['transaction'] =>
  async (work, config) => {
    const client = await pool.connect();
    let isUsable = true;
    try {
      return await drizzle(client).transaction(work, config);
    } catch (error) {
      isUsable = !isDatabaseOutage(error);
      throw error;
    } finally {
      client.release(!isUsable);
    }
  };
