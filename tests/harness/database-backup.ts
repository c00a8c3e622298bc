/** Copies the rows of a database, as a backup does, and restores them into another one. */
import type { Pool } from 'pg';
import { z } from 'zod';

interface TableBackup {
  readonly table: string;
  /** Generated columns are computed again. */
  readonly columns: readonly string[];
  readonly rows: readonly unknown[];
}

const columnsSchema = z.array(z.object({ table: z.string(), columns: z.array(z.string()) }));

/** Returns the rows of every table in the schema `public`. */
export const backUpDatabase = async (pool: Pool): Promise<readonly TableBackup[]> => {
  const found = await pool.query(`
    SELECT table_name AS table, json_agg(column_name ORDER BY ordinal_position) AS columns
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER' GROUP BY table_name
  `);
  return Promise.all(
    columnsSchema.parse(found.rows).map(async ({ table, columns }) => ({
      table,
      columns,
      rows: (await pool.query(`SELECT to_jsonb(t) AS row FROM "${table}" t`)).rows.map(({ row }) => row),
    })),
  );
};

/** Inserts the rows into an empty database with the same tables, without its triggers. */
export const restoreDatabase = async (backup: readonly TableBackup[], pool: Pool): Promise<void> => {
  const client = await pool.connect();
  try {
    await client.query("SET session_replication_role = 'replica'");
    for (const { table, columns, rows } of backup) {
      const names = columns.map((column) => `"${column}"`).join(', ');
      await client.query(
        `INSERT INTO "${table}" (${names}) OVERRIDING SYSTEM VALUE
         SELECT ${names} FROM jsonb_populate_recordset(NULL::"${table}", $1::jsonb)`,
        [JSON.stringify(rows)],
      );
    }
  } finally {
    client.release(true);
  }
};
