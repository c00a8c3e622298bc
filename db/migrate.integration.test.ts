import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { databaseUrl, execute } from '../tests/harness/postgres-server.ts';
import { migrate } from './migrate.ts';

const program = fileURLToPath(new URL('./migrate.ts', import.meta.url));
const run = promisify(execFile);

const server = inject('postgres');
let name: string;
let url: string;

beforeEach(async () => {
  name = `castmatch_empty_${randomBytes(8).toString('hex')}`;
  await execute(server.url, `CREATE DATABASE ${name}`);
  url = databaseUrl(server.url, name);
});

afterEach(() => execute(server.url, `DROP DATABASE ${name} WITH (FORCE)`));

const query = async (text: string): Promise<unknown[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};

test('migrates once when five processes start at the same moment', async () => {
  await Promise.all(Array.from({ length: 5 }, () => migrate(url)));

  const applied = await query('SELECT hash FROM drizzle.__drizzle_migrations');
  expect(new Set(applied.map((row) => JSON.stringify(row))).size).toBe(applied.length);
  expect(applied.length).toBeGreaterThan(0);
  expect(await query('SELECT * FROM audit_events')).toEqual([]);
});

test('finds nothing to do in a database that is up to date', async () => {
  await migrate(url);
  const before = await query('SELECT * FROM drizzle.__drizzle_migrations');

  await migrate(url);

  expect(await query('SELECT * FROM drizzle.__drizzle_migrations')).toEqual(before);
});

test('leaves no lock behind', async () => {
  await migrate(url);

  expect(
    await query(
      `SELECT * FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = '${name}')`,
    ),
  ).toEqual([]);
});

test('applies nothing when a migration fails', async () => {
  await query('CREATE TABLE slot_holds (in_the_way int)');

  await expect(migrate(url)).rejects.toThrow(/slot_holds/);

  expect(await query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)).toEqual([
    { tablename: 'slot_holds' },
  ]);
});

test('runs as a program on DATABASE_URL', async () => {
  const { stdout } = await run(process.execPath, [program], { env: { ...process.env, DATABASE_URL: url } });

  expect(stdout).toContain('up to date');
  expect(await query('SELECT * FROM auditions')).toEqual([]);
});

test('says what is missing when it runs without DATABASE_URL', async () => {
  const { DATABASE_URL: _, ...env } = process.env;

  await expect(run(process.execPath, [program], { env })).rejects.toThrow('DATABASE_URL is not set');
});
