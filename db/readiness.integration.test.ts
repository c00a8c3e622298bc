import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createEmptyDatabase, createTestDatabase } from '../tests/harness/database.ts';
import { createDatabaseClient } from './client.ts';
import { createDatabaseCheck } from './readiness.ts';

test('is content with a database that answers and is up to date', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  await expect(createDatabaseCheck(database.pool)()).resolves.toBeUndefined();
});

test('is not content with a database without our tables', async () => {
  const { url, drop } = await createEmptyDatabase();
  const { pool, close } = createDatabaseClient(url);
  onTestFinished(async () => {
    await close();
    await drop();
  });
  await expect(createDatabaseCheck(pool)()).rejects.toThrow('__drizzle_migrations');
});

test('is not content with tables of an older program', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  await database.pool.query('UPDATE drizzle.__drizzle_migrations SET created_at = 1');
  await expect(createDatabaseCheck(database.pool)()).rejects.toThrow('older');
});

test('waits no longer than its deadline, and asks a database that hangs once', async () => {
  let connections = 0;
  const silent = createServer(() => {
    connections += 1;
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { pool } = createDatabaseClient(`postgres://nobody@127.0.0.1:${port}/none`);
  onTestFinished(() => {
    silent.close();
  });
  const check = createDatabaseCheck(pool, 100);
  const asked = await Promise.allSettled([check(), check(), check()]);
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await expect(check()).rejects.toThrow('100 ms');
  expect(connections).toBe(1);
});
