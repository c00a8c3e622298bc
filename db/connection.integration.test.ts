import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { connectDatabase } from './connection.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

test('says who it is and gives up on statements that take too long', async () => {
  const connection = connectDatabase(database.url, { applicationName: 'castmatch test' });

  const { rows } = await connection.db.execute(sql`
    SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS timeout
  `);

  expect(rows).toEqual([{ name: 'castmatch test', timeout: '15s' }]);
  await connection.close();
});

test('survives the loss of an idle connection, and reports it', async () => {
  const { promise: reported, resolve } = Promise.withResolvers<Error>();
  const connection = connectDatabase(database.url, { poolSize: 1, onIdleError: resolve });
  const { rows } = await connection.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');

  await database.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);

  expect((await reported).message).toContain('terminating connection');
  expect((await connection.db.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
  await connection.close();
});

test('opens no more connections than it may', async () => {
  const connection = connectDatabase(database.url, { poolSize: 2 });

  await Promise.all(Array.from({ length: 10 }, () => connection.db.execute(sql`SELECT 1`)));

  expect(connection.pool.totalCount).toBeLessThanOrEqual(2);
  await connection.close();
});

test('may be closed twice', async () => {
  const connection = connectDatabase(database.url);

  await connection.close();
  await connection.close();

  await expect(connection.pool.query('SELECT 1')).rejects.toThrow('after calling end');
});

test('fails at the first query when nobody is there', async () => {
  const connection = connectDatabase('postgres://nobody@127.0.0.1:1/nothing');

  await expect(connection.pool.query('SELECT 1')).rejects.toThrow('ECONNREFUSED');

  await connection.close();
});
