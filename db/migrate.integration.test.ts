import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createEmptyDatabase } from '../tests/harness/database.ts';
import { findFreePort } from '../tests/harness/free-port.ts';
import { sha256 } from './digest.ts';
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
  const port = await findFreePort();
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
  const unavailable = `postgres://castmatch@127.0.0.1:${await findFreePort()}/none`;
  await expect(migrateAtStart(unavailable, { onRetry, timeoutMs: -1 })).rejects.toThrow('ECONNREFUSED');
});

/** Applies the migrations up to the one with this number, as an earlier version of the service did. */
const migrateUpTo = async (number: number): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(fileURLToPath(new URL('./migrations', import.meta.url)), folder, { recursive: true });
  const journal = join(folder, 'meta', '_journal.json');
  const content = z
    .looseObject({ entries: z.array(z.looseObject({ idx: z.int() })) })
    .parse(JSON.parse(await readFile(journal, 'utf8')));
  const entries = content.entries.filter(({ idx }) => idx <= number);
  await writeFile(journal, JSON.stringify({ ...content, entries }));
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await applyMigrations(drizzle(client), { migrationsFolder: folder });
  } finally {
    await client.end();
  }
};

test('the migration keeps the slot holds of earlier versions as claims', async () => {
  const room = `room:${sha256('r1')}`;
  await migrateUpTo(10);
  await query(`
    INSERT INTO slot_holds (audition_id, revision, resource, organization, during, confirmed, expires_at)
    VALUES ('aud_1', 2, 'room:r1', 'org_1', '[2031-01-01,2031-01-02)', true, '2026-01-01'),
      ('aud_1', 3, 'room:r1', 'org_1', '[2031-02-01,2031-02-02)', false, '2026-01-01')`);

  await migrate(url);

  expect(await query('SELECT audition_id, claim, resource, scope FROM slot_holds ORDER BY claim')).toEqual([
    { audition_id: 'aud_1', claim: 2, resource: room, scope: 'org_1' },
    { audition_id: 'aud_1', claim: 3, resource: room, scope: 'org_1' },
  ]);
  expect(await query('SELECT audition_id, last_claim FROM slot_fences')).toEqual([
    { audition_id: 'aud_1', last_claim: 3 },
  ]);
  // A trigger refuses rooms without a key. The names are keyed when a process starts.
  await query('ALTER TABLE slot_holds DISABLE TRIGGER slot_holds_have_keyed_names');
  const rival = `
    INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
    VALUES ('aud_2', 1, '${room}', 'org_1', '[2031-01-01,2031-01-03)')`;
  await expect(query(rival)).rejects.toThrow('slot_holds_no_double_booking');
});

test('the migration restarts the listings of calendars that have a page and no cursor', async () => {
  await migrateUpTo(56);
  await query(`
    INSERT INTO synced_calendars
      (connection, calendar, organization, provider, sealed_calendar_id, cursor, page, listed_since, generation)
    VALUES ('conn_1', 'broken', 'org_1', 'google', 's', NULL, 'page-7', '2026-11-01', 3),
      ('conn_1', 'changes', 'org_1', 'google', 's', 'cursor-1', 'page-2', NULL, 3),
      ('conn_1', 'read', 'org_1', 'google', 's', 'cursor-1', NULL, NULL, 3)`);

  await migrate(url);

  expect(
    await query(
      'SELECT calendar, cursor, page, listed_since, generation FROM synced_calendars ORDER BY calendar',
    ),
  ).toEqual([
    { calendar: 'broken', cursor: null, page: null, listed_since: null, generation: 3 },
    { calendar: 'changes', cursor: 'cursor-1', page: 'page-2', listed_since: null, generation: 3 },
    { calendar: 'read', cursor: 'cursor-1', page: null, listed_since: null, generation: 3 },
  ]);
});
