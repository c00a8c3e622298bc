import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../tests/harness/database.ts';
import { deleteOldCredentialReads, deleteOldIdempotentRequests, deleteOldWebhooks } from './retention.ts';

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

test('retention deletes old responses to commands, and keeps recent ones and those to audition requests', async () => {
  const { db, put, keys } = await setup();
  await put('POST /v1/auditions a', 400);
  await put('POST /v1/auditions/aud_1/cancel b', 31);
  await put('POST /v1/attention/att_1/resolve c', 31);
  await put('POST /v1/auditions/aud_1/cancel d', 29);

  expect(await deleteOldIdempotentRequests(db, 30)).toBe(2);

  expect(await keys()).toEqual([
    { key: 'POST /v1/auditions a' },
    { key: 'POST /v1/auditions/aud_1/cancel d' },
  ]);
  expect(await deleteOldIdempotentRequests(db, 30)).toBe(0);
});

test('retention deletes any number of rows in batches', async () => {
  const { db, pool, keys } = await setup();
  await pool.query(
    `INSERT INTO idempotent_requests (organization, key, request_hash, created_at)
     SELECT 'org_north', 'POST /v1/auditions/aud_1/cancel ' || n, 'h', now() - interval '40 days' FROM generate_series(1, 10001) AS n`,
  );

  expect(await deleteOldIdempotentRequests(db, 30)).toBe(10_001);

  expect(await keys()).toEqual([]);
});

test('retention deletes delivered webhooks, parked ones later, and unused data keys of past months', async () => {
  const { db, pool } = await setup();
  const put = (id: string, state: string, days: number, dataKey: string) =>
    pool.query(
      `INSERT INTO webhook_inbox (id, provider, dedupe_key, kind, sealed_event, data_key, correlation_id, state, settled_at)
       VALUES ($1, 'zoom', $1, 'meeting.started', '', $4, '', $2, now() - $3 * interval '1 day')`,
      [id, state, days, dataKey],
    );
  const now = new Date().toISOString().slice(0, 7);
  for (const id of ['inbox:2020-01', 'inbox:2020-02', `inbox:${now}`, 'conn_1']) {
    await pool.query("INSERT INTO data_keys (id, master_key_id, wrapped) VALUES ($1, 'm', '')", [id]);
  }
  await put('old', 'delivered', 31, 'inbox:2020-01');
  await put('young', 'delivered', 29, 'inbox:2020-02');
  await put('parked, recent', 'parked', 89, 'inbox:2020-02');
  await put('parked, old', 'parked', 91, `inbox:${now}`);
  await put('received', 'received', 400, 'inbox:2020-02');

  expect(await deleteOldWebhooks(db, 30)).toBe(2);

  const left = (await pool.query('SELECT id FROM webhook_inbox ORDER BY id')).rows.map(({ id }) => id);
  expect(left).toEqual(['parked, recent', 'received', 'young']);
  const keysLeft = (await pool.query('SELECT id FROM data_keys ORDER BY id')).rows.map(({ id }) => id);
  expect(keysLeft).toEqual(['conn_1', 'inbox:2020-02', `inbox:${now}`]);
});

test('retention deletes credential reads after a year, and the database refuses to delete younger ones', async () => {
  const { db, pool } = await setup();
  await pool.query(
    `INSERT INTO credential_reads (subject, organization, secret, purpose, process, correlation_id, at)
     SELECT 'conn_' || days, 'org_north', 'refresh_token', 'calendar.putEvent', 'p', 'c', now() - days * interval '1 day'
     FROM unnest(ARRAY[400, 367, 364, 0]) AS days`,
  );
  const refused = /credential_reads is append-only/;
  await expect(pool.query("DELETE FROM credential_reads WHERE subject = 'conn_364'")).rejects.toThrow(
    refused,
  );
  await expect(pool.query("UPDATE credential_reads SET purpose = 'x'")).rejects.toThrow(refused);
  await expect(pool.query('TRUNCATE credential_reads')).rejects.toThrow(refused);

  expect(await deleteOldCredentialReads(db)).toBe(2);

  const { rows } = await pool.query('SELECT subject FROM credential_reads ORDER BY id');
  expect(rows).toEqual([{ subject: 'conn_364' }, { subject: 'conn_0' }]);
  expect(await deleteOldCredentialReads(db)).toBe(0);
});
