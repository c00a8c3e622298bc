import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { startTcpProxy } from '../tests/harness/tcp-proxy.ts';
import { createDatabaseClient, type DatabaseClient } from './client.ts';
import { isDatabaseOutage } from './errors.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

/** Returns the process of PostgreSQL that serves an idle connection. */
const pidOf = async ({ pool }: DatabaseClient): Promise<number | undefined> =>
  (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;

test('the database client sets its application name and the statement timeout', async () => {
  const connection = createDatabaseClient(database.url, { applicationName: 'castmatch test' });

  const { rows } = await connection.db.execute(sql`
    SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS timeout
  `);

  expect(rows).toEqual([{ name: 'castmatch test', timeout: '15s' }]);
  await connection.close();
});

test('the database client replaces and reports a lost idle connection', async () => {
  const { promise: reported, resolve } = Promise.withResolvers<Error>();
  const connection = createDatabaseClient(database.url, { poolSize: 1, onIdleError: resolve });

  await database.pool.query('SELECT pg_terminate_backend($1)', [await pidOf(connection)]);

  expect((await reported).message).toContain('terminating connection');
  expect((await connection.db.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
  await connection.close();
});

test.each([
  ['while a statement runs', sql`SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)`],
  ['between two statements', undefined],
])(
  'the database client rejects a transaction whose connection is lost %s, and goes on',
  async (_when, last) => {
    const connection = createDatabaseClient(database.url, { poolSize: 1 });

    const lost = await connection.db
      .transaction(async (transaction) => {
        const { rows } = await transaction.execute<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
        if (last) await transaction.execute(last);
        await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
        // The end of the connection is noticed while no statement runs.
        await pause(100);
        await transaction.execute(sql`SELECT 1`);
      })
      .catch((error: unknown) => error);

    expect(isDatabaseOutage(lost)).toBe(true);
    expect((await connection.db.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
    await connection.close();
  },
);

test('the database client gives up the connection of a transaction of which a statement was not answered', async () => {
  const connection = createDatabaseClient(database.url, { poolSize: 1, queryTimeoutMs: 300 });

  const unanswered = await connection.db
    .transaction((transaction) => transaction.execute(sql`SELECT pg_sleep(5)`))
    .catch((error: unknown) => error);

  expect(isDatabaseOutage(unanswered)).toBe(true);
  expect((await connection.db.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
  await connection.close();
});

test('the database client gives up the connection of a transaction that does not begin', async () => {
  const connection = createDatabaseClient(database.url, { poolSize: 1, queryTimeoutMs: 300 });
  // The pool has returned it, and the server does not answer on it.
  const hung = await connection.pool.connect();
  const answered = hung.query('SELECT pg_sleep(2)').catch((error: unknown) => error);
  hung.release();

  const notBegun = await connection.db.transaction(() => Promise.resolve()).catch((error: unknown) => error);

  expect(isDatabaseOutage(notBegun)).toBe(true);
  expect(isDatabaseOutage(await answered)).toBe(true);
  expect((await connection.db.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
  await connection.close();
});

test('the database client keeps the connection of a transaction that is refused', async () => {
  const connection = createDatabaseClient(database.url, { poolSize: 1 });
  const before = await pidOf(connection);

  const refused = connection.db.transaction((transaction) => transaction.execute(sql`SELECT 1 / 0`));

  await expect(refused).rejects.toMatchObject({ cause: { code: '22012' } });
  expect(await pidOf(connection)).toBe(before);
  await connection.close();
});

test('the database client closes a connection that refuses to write, also in a transaction', async () => {
  const connection = createDatabaseClient(database.url, { poolSize: 1 });
  await connection.pool.query('SET default_transaction_read_only = on');
  const standby = await pidOf(connection);

  const refused = await connection.db
    .transaction((transaction) => transaction.execute(sql`CREATE TABLE written (id int)`))
    .catch((error: unknown) => error);

  expect(isDatabaseOutage(refused)).toBe(true);
  expect(await pidOf(connection)).not.toBe(standby);
  await connection.db.execute(sql`CREATE TEMP TABLE written (id int)`);
  await connection.close();
});

test('the database client closes its other connections too when one refuses to write', async () => {
  const connection = createDatabaseClient(database.url, { poolSize: 4 });
  const pids = async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        connection.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid, pg_sleep(0.1)'),
      ),
    );
    return answers.map(({ rows }) => rows[0]?.pid);
  };
  const before = await pids();
  expect(new Set(before).size).toBe(4);

  await connection.pool
    .query('SET transaction_read_only = on; CREATE TABLE written (id int)')
    .catch(() => {});

  expect((await pids()).filter((pid) => before.includes(pid))).toEqual([]);
  await connection.close();
});

test('the database client prepares statements with parameters that repeat', async () => {
  const connection = createDatabaseClient(database.url, { poolSize: 1 });
  const run = (n: number) => connection.db.execute(sql`SELECT ${n}::int + 1 AS repeated`);
  const prepared = async () =>
    (await connection.pool.query("SELECT FROM pg_prepared_statements WHERE statement LIKE '%repeated%'"))
      .rowCount;

  expect((await run(1)).rows).toEqual([{ repeated: 2 }]);
  expect(await prepared()).toBe(0);
  for (const n of [2, 3, 4]) expect((await run(n)).rows).toEqual([{ repeated: n + 1 }]);

  expect(await prepared()).toBe(1);
  await connection.close();
});

test('the database client times out a query on a dead connection, and opens a new one', async () => {
  const clients: Socket[] = [];
  const { port } = new URL(database.url);
  const proxy = await startTcpProxy(
    () => Number(port),
    (client) => clients.push(client),
  );
  const proxyUrl = new URL(database.url);
  proxyUrl.host = `127.0.0.1:${proxy.port}`;
  const connection = createDatabaseClient(proxyUrl.href, { poolSize: 1, queryTimeoutMs: 500 });
  await connection.pool.query('SELECT 1');

  for (const client of clients) client.unpipe().pause();

  const unanswered = await connection.db.execute(sql`SELECT 1`).catch((error: unknown) => error);
  expect(isDatabaseOutage(unanswered)).toBe(true);
  expect((await connection.db.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
  await connection.close();
  await proxy.close();
});

test('the database client opens no more connections than its pool size', async () => {
  const connection = createDatabaseClient(database.url, { poolSize: 2 });

  await Promise.all(Array.from({ length: 10 }, () => connection.db.execute(sql`SELECT 1`)));

  expect(connection.pool.totalCount).toBeLessThanOrEqual(2);
  await connection.close();
});

test('the database client can be closed twice', async () => {
  const connection = createDatabaseClient(database.url);

  await connection.close();
  await connection.close();

  await expect(connection.pool.query('SELECT 1')).rejects.toThrow('after calling end');
});

test('the database client fails at the first query when no server is running', async () => {
  const connection = createDatabaseClient('postgres://castmatch@127.0.0.1:1/nothing');

  await expect(connection.pool.query('SELECT 1')).rejects.toThrow('ECONNREFUSED');

  await connection.close();
});
