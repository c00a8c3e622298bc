import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createEmptyDatabase, createTestDatabase } from '../tests/harness/database.ts';
import { createDatabaseClient } from './client.ts';
import { createDatabaseCheck, createKeyDatabaseCheck } from './readiness.ts';

test('the database check passes when the database answers and has all migrations', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  await expect(createDatabaseCheck(database.pool)()).resolves.toBeUndefined();
});

test('the database check fails when the tables are missing', async () => {
  const { url, drop } = await createEmptyDatabase();
  const { pool, close } = createDatabaseClient(url);
  onTestFinished(async () => {
    await close();
    await drop();
  });
  await expect(createDatabaseCheck(pool)()).rejects.toThrow('__drizzle_migrations');
});

test('the key database check passes with its tables, and fails without them', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  await expect(createKeyDatabaseCheck(database.keys.pool)()).resolves.toBeUndefined();
  await database.keys.pool.query('DROP TABLE data_keys');
  await expect(createKeyDatabaseCheck(database.keys.pool)()).rejects.toThrow('lacks its tables');
});

test('the database check fails when migrations are missing', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  await database.pool.query('UPDATE drizzle.__drizzle_migrations SET created_at = 1');
  await expect(createDatabaseCheck(database.pool)()).rejects.toThrow('lacks migrations');
});

test('the database check fails while the server refuses to write, and passes again on a new connection', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const name = new URL(database.url).pathname.slice(1);
  const { pool, close } = createDatabaseClient(database.url, { poolSize: 1 });
  onTestFinished(close);
  const check = createDatabaseCheck(pool);
  await database.pool.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await expect(check()).rejects.toThrow('refuses to write');
  await database.pool.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
  await expect(check()).resolves.toBeUndefined();
});

test('the database check fails after its timeout, and sends one query to a database that hangs', async () => {
  let connections = 0;
  const silent = createServer(() => {
    connections += 1;
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { pool } = createDatabaseClient(`postgres://castmatch@127.0.0.1:${port}/none`);
  onTestFinished(() => {
    silent.close();
  });
  const check = createDatabaseCheck(pool, 100);
  const checks = await Promise.allSettled([check(), check(), check()]);
  expect(checks.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(check()).rejects.toThrow('100 ms');
  expect(connections).toBe(1);
});
