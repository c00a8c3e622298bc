/** Dumps the whole content of a database as bytes, to search it for leaked secrets. */
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import type { Pool } from 'pg';
import { z } from 'zod';

const namesSchema = z.array(z.object({ name: z.string() }));

/**
 * Returns the files of an SQLite database, and each of its cells. The cells are needed because the file stores long
 * values in pieces.
 */
export const dumpSqlite = async (file: string): Promise<Buffer> => {
  const files = await Promise.all(
    [file, `${file}-wal`].map((name) => readFile(name).catch(() => Buffer.alloc(0))),
  );
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = namesSchema.parse(
      database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all(),
    );
    const cells = tables
      .flatMap(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all())
      .flatMap((row) => Object.values(row))
      .map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell) : Buffer.from(String(cell))));
    return Buffer.concat([...files, ...cells.flatMap((cell) => [cell, Buffer.from('\n')])]);
  } finally {
    database.close();
  }
};

/** Returns every row of every table in the schema `public`, as PostgreSQL text. */
export const dumpPostgres = async (pool: Pool): Promise<Buffer> => {
  const tables = await pool.query("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'");
  const rows = await Promise.all(
    namesSchema
      .parse(tables.rows)
      .map(({ name }) => pool.query(`SELECT '${name} ' || t::text AS name FROM "${name}" t`)),
  );
  return Buffer.from(
    rows.flatMap((table) => namesSchema.parse(table.rows).map(({ name }) => name)).join('\n'),
  );
};
