/**
 * Keeps processes of versions without a key database from working beside this one. They would find no data keys, and would
 * create others for the same ids.
 */
import type { Client } from 'pg';
import { z } from 'zod';

/** Processes of an earlier version are connected to the database. */
class EarlierVersionRuns extends Error {
  override readonly name = 'EarlierVersionRuns';

  constructor(processes: readonly string[]) {
    super(
      `processes of an earlier version are connected to the database (${processes.join(', ')}): stop all of them, then start this version. It moves the data keys into the key database, where they cannot read them`,
    );
  }
}

const trigger = 'data_keys_moved';
/** The names of the connections of API and worker in all versions. */
const processNames = ['castmatch-api', 'castmatch-worker'];
const connectedSchema = z.array(z.object({ name: z.string(), connections: z.int() }));

const hasMoved = `EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass('data_keys') AND tgname = '${trigger}')`;

/**
 * Checks that no process of a version without a key database is connected. Once the keys have moved, it checks nothing. Callers
 * hold the lock of the migration: until the keys have moved, processes of this version wait for it and have no other connection.
 * @throws {EarlierVersionRuns} before anything was changed
 */
export const assertNoEarlierVersion = async (main: Client): Promise<void> => {
  const { rows } = await main.query(
    `SELECT application_name AS name, count(*)::int AS connections FROM pg_stat_activity
     WHERE to_regclass('data_keys') IS NOT NULL AND NOT ${hasMoved}
       AND datname = current_database() AND application_name = ANY ($1::text[])
     GROUP BY application_name ORDER BY application_name`,
    [processNames],
  );
  if (rows.length === 0) return;
  throw new EarlierVersionRuns(
    connectedSchema.parse(rows).map(({ name, connections }) => `${name}: ${connections} connections`),
  );
};

/** Makes the main database refuse new data keys, which only processes of an earlier version create there. Idempotent. */
export const refuseNewKeys = async (main: Client): Promise<void> => {
  const { rowCount } = await main.query(`SELECT WHERE ${hasMoved}`);
  if (rowCount !== 0) return;
  await main.query(`
    CREATE OR REPLACE FUNCTION refuse_data_key() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the data keys are in the key database: stop this process, its version is older than the database';
    END $$;
    CREATE TRIGGER ${trigger} BEFORE INSERT ON data_keys FOR EACH ROW EXECUTE FUNCTION refuse_data_key()`);
};
