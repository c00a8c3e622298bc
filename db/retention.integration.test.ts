import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../tests/harness/database.ts';
import { deleteOldAnswers } from './retention.ts';

const setup = async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const { pool, db } = database;
  const put = (key: string, days: number) =>
    pool.query(
      `INSERT INTO idempotent_requests (organization, key, request_hash, created_at)
       VALUES ('org_north', $1, 'h', now() - $2 * interval '1 day')`,
      [key, days],
    );
  const keys = async () => (await pool.query('SELECT key FROM idempotent_requests ORDER BY key')).rows;
  return { pool, db, put, keys };
};

test('deletes the old answers to commands, and leaves the young ones and the names of auditions', async () => {
  const { db, put, keys } = await setup();
  await put('POST /v1/auditions a', 400);
  await put('POST /v1/auditions/aud_1/cancel b', 31);
  await put('POST /v1/attention/att_1/resolve c', 31);
  await put('POST /v1/auditions/aud_1/cancel d', 29);

  expect(await deleteOldAnswers(db, 30)).toBe(2);

  expect(await keys()).toEqual([
    { key: 'POST /v1/auditions a' },
    { key: 'POST /v1/auditions/aud_1/cancel d' },
  ]);
  expect(await deleteOldAnswers(db, 30)).toBe(0);
});

test('deletes any number, some at a time', async () => {
  const { db, pool, keys } = await setup();
  await pool.query(
    `INSERT INTO idempotent_requests (organization, key, request_hash, created_at)
     SELECT 'org_north', 'POST /v1/auditions/aud_1/cancel ' || n, 'h', now() - interval '40 days' FROM generate_series(1, 10001) AS n`,
  );

  expect(await deleteOldAnswers(db, 30)).toBe(10_001);

  expect(await keys()).toEqual([]);
});
