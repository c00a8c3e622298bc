import { execFile } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createEmptyDatabase } from '../tests/harness/database.ts';
import { migrate, migrateAtStart } from './migrate.ts';

const program = fileURLToPath(new URL('./migrate.ts', import.meta.url));
const run = promisify(execFile);

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let url: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  url = database.url;
});

afterEach(() => database.drop());

const query = async (text: string): Promise<unknown[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};

test('the migration runs once when five processes start simultaneously', async () => {
  await Promise.all(Array.from({ length: 5 }, () => migrate(url)));

  const applied = await query('SELECT hash FROM drizzle.__drizzle_migrations');
  expect(new Set(applied.map((row) => JSON.stringify(row))).size).toBe(applied.length);
  expect(applied.length).toBeGreaterThan(0);
  expect(await query('SELECT * FROM audit_events')).toEqual([]);
});

test('the migration does nothing when the database is up to date', async () => {
  await migrate(url);
  const before = await query('SELECT * FROM drizzle.__drizzle_migrations');

  await migrate(url);

  expect(await query('SELECT * FROM drizzle.__drizzle_migrations')).toEqual(before);
});

test('the migration releases its lock', async () => {
  await migrate(url);

  expect(
    await query(
      `SELECT * FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    ),
  ).toEqual([]);
});

test('the migration applies nothing when one migration fails', async () => {
  await query('CREATE TABLE slot_holds (unrelated int)');

  await expect(migrate(url)).rejects.toThrow(/slot_holds/);

  expect(await query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)).toEqual([
    { tablename: 'slot_holds' },
  ]);
});

test('the migration runs as a program with DATABASE_URL', async () => {
  const { stdout } = await run(process.execPath, [program], { env: { ...process.env, DATABASE_URL: url } });

  expect(stdout).toContain('up to date');
  expect(await query('SELECT * FROM auditions')).toEqual([]);
});

test('the migration program reports a missing DATABASE_URL', async () => {
  const { DATABASE_URL: _, ...env } = process.env;

  await expect(run(process.execPath, [program], { env })).rejects.toThrow('DATABASE_URL is not set');
});

/** Forwards another port to the database server from now on. */
const startProxy = async (port: number): Promise<void> => {
  const { hostname, port: real } = new URL(url);
  const proxy = createServer((socket) => {
    const onward = connect(Number(real), hostname);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.close();
  });
};

test('the migration at start waits for an unavailable database', async () => {
  const port = await getPort();
  const late = new URL(url);
  late.hostname = '127.0.0.1';
  late.port = String(port);
  const { promise: firstRetry, resolve } = Promise.withResolvers<unknown>();

  const migrating = migrateAtStart(late.href, { onRetry: resolve });
  await firstRetry;
  await startProxy(port);
  await migrating;

  expect(await query('SELECT * FROM auditions')).toEqual([]);
});

const onRetry = () => {};

test('the migration at start fails immediately for a permanent error, and after its timeout for an outage', async () => {
  await query('CREATE TABLE slot_holds (unrelated int)');
  await expect(migrateAtStart(url, { onRetry })).rejects.toThrow(/slot_holds/);
  const unavailable = `postgres://castmatch@127.0.0.1:${await getPort()}/none`;
  await expect(migrateAtStart(unavailable, { onRetry, timeoutMs: -1 })).rejects.toThrow('ECONNREFUSED');
});
