import { connect, createServer, type Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { createDatabaseClient } from './client.ts';
import { isDatabaseOutage } from './errors.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

test('says who it is and gives up on statements that take too long', async () => {
  const connection = createDatabaseClient(database.url, { applicationName: 'castmatch test' });

  const { rows } = await connection.db.execute(sql`
    SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS timeout
  `);

  expect(rows).toEqual([{ name: 'castmatch test', timeout: '15s' }]);
  await connection.close();
});

test('survives the loss of an idle connection, and reports it', async () => {
  const { promise: reported, resolve } = Promise.withResolvers<Error>();
  const connection = createDatabaseClient(database.url, { poolSize: 1, onIdleError: resolve });
  const { rows } = await connection.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');

  await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);

  expect((await reported).message).toContain('terminating connection');
  expect((await connection.db.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
  await connection.close();
});

test('gives up a way that was cut without a word, and goes another', async () => {
  const { hostname, port } = new URL(database.url);
  const ways: Socket[] = [];
  const cut = createServer((near) => {
    const far = connect(Number(port), hostname);
    ways.push(
      near.on('error', () => {}),
      far.on('error', () => {}),
    );
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((listening) => {
    cut.listen(0, '127.0.0.1', listening);
  });
  const throughIt = new URL(database.url);
  throughIt.host = `127.0.0.1:${z.object({ port: z.int() }).parse(cut.address()).port}`;
  const connection = createDatabaseClient(throughIt.href, { poolSize: 1, queryTimeoutMs: 500 });
  await connection.pool.query('SELECT 1');

  for (const way of ways) way.unpipe().pause();

  const unanswered = await connection.db.execute(sql`SELECT 1`).catch((error: unknown) => error);
  expect(isDatabaseOutage(unanswered)).toBe(true);
  expect((await connection.db.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
  await connection.close();
  for (const way of ways) way.destroy();
  cut.close();
});

test('opens no more connections than it may', async () => {
  const connection = createDatabaseClient(database.url, { poolSize: 2 });

  await Promise.all(Array.from({ length: 10 }, () => connection.db.execute(sql`SELECT 1`)));

  expect(connection.pool.totalCount).toBeLessThanOrEqual(2);
  await connection.close();
});

test('may be closed twice', async () => {
  const connection = createDatabaseClient(database.url);

  await connection.close();
  await connection.close();

  await expect(connection.pool.query('SELECT 1')).rejects.toThrow('after calling end');
});

test('fails at the first query when nobody is there', async () => {
  const connection = createDatabaseClient('postgres://nobody@127.0.0.1:1/nothing');

  await expect(connection.pool.query('SELECT 1')).rejects.toThrow('ECONNREFUSED');

  await connection.close();
});
