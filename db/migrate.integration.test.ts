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
      `SELECT * FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
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

/** The server at another port, from now on. */
const openDoor = async (port: number): Promise<void> => {
  const { hostname, port: real } = new URL(url);
  const door = createServer((socket) => {
    const onward = connect(Number(real), hostname);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => door.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    door.close();
  });
};

test('waits at the start for a database that is away', async () => {
  const port = await getPort();
  const late = new URL(url);
  late.hostname = '127.0.0.1';
  late.port = String(port);
  const { promise: askedInVain, resolve } = Promise.withResolvers<unknown>();

  const migrating = migrateAtStart(late.href, { onRetry: resolve });
  await askedInVain;
  await openDoor(port);
  await migrating;

  expect(await query('SELECT * FROM auditions')).toEqual([]);
});

const onRetry = () => {};

test('does not wait for what will not pass, nor without end', async () => {
  await query('CREATE TABLE slot_holds (in_the_way int)');
  await expect(migrateAtStart(url, { onRetry })).rejects.toThrow(/slot_holds/);
  const nowhere = `postgres://nobody@127.0.0.1:${await getPort()}/none`;
  await expect(migrateAtStart(nowhere, { onRetry, timeoutMs: -1 })).rejects.toThrow('ECONNREFUSED');
});
