import { expect, onTestFinished, test } from 'vitest';
import { NotAuthentic } from '../foundation/encryption/aes-gcm.ts';
import { factsUntilScheduled, newAuditionId, storeEvents, trail } from '../tests/harness/audition-trail.ts';
import { createTestDatabase } from '../tests/harness/database.ts';
import { createIdempotentRequests } from './access/idempotent-requests.ts';
import {
  deleteOldCredentialReads,
  deleteOldDeliveries,
  deleteOldHolds,
  deleteOldHostClaims,
  deleteOldIdempotentRequests,
  deleteOldOperations,
  deleteOldWebhooks,
  eraseOldAuditionResponses,
} from './retention.ts';

const setup = async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const { pool, db, repositories } = database;
  const put = (key: string, days: number) =>
    pool.query(
      `INSERT INTO idempotent_requests (organization, key, request_hash, created_at)
       VALUES ('org_north', $1, 'h', now() - $2 * interval '1 day')`,
      [key, days],
    );
  const keys = async () => (await pool.query('SELECT key FROM idempotent_requests ORDER BY key')).rows;
  /** Stores an audition that was closed some days ago; without `closedDays`, one that is open. */
  const audition = async (closedDays?: number) => {
    const id = newAuditionId();
    const life =
      closedDays === undefined
        ? factsUntilScheduled(id)
        : [...factsUntilScheduled(id), { type: 'cancelled', origin: 'api' } as const];
    const startMs = Date.now() - (closedDays ?? 500) * 86_400_000;
    await storeEvents(repositories.events, id, trail(life, { startMs }));
    return id;
  };
  return { pool, db, keyPool: database.keys.pool, keyDb: database.keys.db, put, keys, audition };
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

test('retention erases old responses to audition requests, and keeps their keys', async () => {
  const { db, pool, put, keys } = await setup();
  await put('POST /v1/auditions a', 401);
  await put('POST /v1/auditions b', 399);
  await put('POST /v1/auditions unfinished', 401);
  await pool.query(
    `UPDATE idempotent_requests SET status = 201, body = '{"id":"aud_1"}' WHERE key NOT LIKE '%unfinished'`,
  );

  expect(await eraseOldAuditionResponses(db, 400)).toBe(1);
  expect(await eraseOldAuditionResponses(db, 400)).toBe(0);

  expect(await keys()).toHaveLength(3);
  const requests = createIdempotentRequests(db, {
    seal: async (_, text) => text,
    open: () => Promise.reject(new NotAuthentic('')),
  });
  const begin = (key: string) =>
    requests.begin({ organization: 'org_north', key: `POST /v1/auditions ${key}`, requestHash: 'h' });
  expect(await begin('a')).toEqual({ kind: 'erased' });
  expect(await begin('b')).toMatchObject({ kind: 'answered', body: { id: 'aud_1' } });
  expect(await begin('unfinished')).toMatchObject({ kind: 'new' });
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

test('retention deletes claims on meeting hosts of past times and of meetings that were undone', async () => {
  const { db, pool } = await setup();
  const put = async (key: string, state: string, startsInHours: number) => {
    await pool.query(
      `INSERT INTO operations (key, organization, provider, operation, state, started_at)
       VALUES ($1, 'org_north', 'zoom', 'meetings.create', $2, now())`,
      [key, state],
    );
    await pool.query(
      `INSERT INTO meeting_host_claims (key, revision, audition_id, vendor, host, during)
       VALUES ($1, 1, $1, 'zoom', $1, tstzrange(now() + $2 * interval '1 hour', now() + ($2 + 1) * interval '1 hour'))`,
      [key, startsInHours],
    );
  };
  await put('future', 'completed', 24);
  await put('recent', 'completed', -12);
  await put('past', 'completed', -48);
  await put('undone', 'undone', 24);
  expect(await deleteOldHostClaims(db)).toBe(2);
  const left = async () => (await pool.query('SELECT key FROM meeting_host_claims ORDER BY key')).rows;
  expect(await left()).toEqual([{ key: 'future' }, { key: 'recent' }]);
  await pool.query("DELETE FROM operations WHERE key = 'future'");
  expect(await left()).toEqual([{ key: 'recent' }]);
});

test('retention deletes delivered webhooks and their contents, parked ones later, and unused data keys of past hours', async () => {
  const { db, pool, keyPool, keyDb } = await setup();
  const put = (id: string, state: string, days: number, dataKey: string) =>
    pool.query(
      `INSERT INTO webhook_inbox (id, provider, dedupe_key, kind, sealed_event, data_key, correlation_id, state, settled_at)
       VALUES ($1, 'zoom', $1, 'meeting.started', '', $4, '', $2, now() - $3 * interval '1 day')`,
      [id, state, days, dataKey],
    );
  const now = new Date().toISOString().slice(0, 13);
  for (const id of ['inbox:2020-01', 'inbox:2020-02', 'inbox:2026-11-14T15', `inbox:${now}`, 'conn_1']) {
    await keyPool.query("INSERT INTO data_keys (id, master_key_id, wrapped) VALUES ($1, 'm', '')", [id]);
  }
  await put('old', 'delivered', 31, 'inbox:2020-01');
  await put('young', 'delivered', 29, 'inbox:2026-11-14T15');
  await put('parked, recent', 'parked', 89, 'inbox:2020-02');
  await put('parked, old', 'parked', 91, `inbox:${now}`);
  await put('received', 'received', 400, 'inbox:2020-02');

  expect(await deleteOldWebhooks(db, keyDb, 30)).toBe(2);

  const left = (await pool.query('SELECT id FROM webhook_inbox ORDER BY id')).rows.map(({ id }) => id);
  expect(left).toEqual(['parked, recent', 'received', 'young']);
  const contents = await pool.query("SELECT data_key FROM webhook_inbox WHERE id = 'young'");
  expect(contents.rows).toEqual([{ data_key: '' }]);
  const keysLeft = (await keyPool.query('SELECT id FROM data_keys ORDER BY id')).rows.map(({ id }) => id);
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

test('retention deletes holds of past slots, and fences that nothing can be late for', async () => {
  const { db, pool } = await setup();
  const hold = (audition: string, days: number) =>
    pool.query(
      `INSERT INTO slot_holds (audition_id, claim, resource, organization, during)
       VALUES ($1, 1, 'room:' || $1, 'org_north', tstzrange(now() - ($2 + 1) * interval '1 day', now() - $2 * interval '1 day'))`,
      [audition, days],
    );
  const fence = (audition: string, days: number) =>
    pool.query(
      `INSERT INTO slot_fences (audition_id, last_claim, updated_at) VALUES ($1, 1, now() - $2 * interval '1 day')`,
      [audition, days],
    );
  for (const [audition, ended, changed] of [
    ['aud_past', 31, 60],
    ['aud_recent', 29, 60],
    ['aud_coming', -90, 60],
    ['aud_changed', 31, 1],
  ] as const) {
    await hold(audition, ended);
    await fence(audition, changed);
  }
  await fence('aud_released', 31);

  for (const id of ['aud_coming', 'aud_gone']) {
    await pool.query("INSERT INTO participant_conflicts (audition_id, participant) VALUES ($1, 'ada')", [id]);
    await pool.query("INSERT INTO own_event_uids (audition_id, uid) VALUES ($1, 'uid-1')", [id]);
  }
  for (const [id, days] of [
    ['aud_coming', 29],
    ['aud_gone', 31],
  ]) {
    await pool.query(
      `INSERT INTO calendar_removals (connection, calendar, event_id, id, audition_id, reason, begun_at)
       VALUES ('conn_1', 'c', $1, $1, $1, 'orphaned', now() - $2::int * interval '1 day')`,
      [id, days],
    );
  }
  expect(await deleteOldHolds(db, 30)).toBe(2);

  const left = async (table: string) =>
    (await pool.query(`SELECT audition_id AS id FROM ${table} ORDER BY 1`)).rows.map(({ id }) => id);
  expect(await left('slot_holds')).toEqual(['aud_coming', 'aud_recent']);
  expect(await left('slot_fences')).toEqual(['aud_changed', 'aud_coming', 'aud_recent']);
  expect(await left('participant_conflicts')).toEqual(['aud_coming']);
  expect(await left('own_event_uids')).toEqual(['aud_coming']);
  expect(await left('calendar_removals')).toEqual(['aud_coming']);
  expect(await deleteOldHolds(db, 30)).toBe(0);
});

test('retention deletes the ledger of auditions closed long ago, and unused data keys of past months', async () => {
  const { db, pool, keyPool, keyDb, audition } = await setup();
  const operation = (key: string, auditionId: string | null, days: number, dataKey: string | null) =>
    pool.query(
      `INSERT INTO operations (key, organization, provider, operation, state, started_at, audition_id, data_key, sealed_target)
       VALUES ($1, 'org_north', 'zoom', 'meetings.create', 'completed', now() - $3 * interval '1 day', $2, $4, '')`,
      [key, auditionId, days, dataKey],
    );
  for (const id of ['ledger:2020-01', 'ledger:2020-02', 'ledger:2020-03', 'inbox:2020-01']) {
    await keyPool.query("INSERT INTO data_keys (id, master_key_id, wrapped) VALUES ($1, 'm', '')", [id]);
  }
  // An earlier version has sealed the calendars that count as busy under keys of the ledger.
  await pool.query(
    `INSERT INTO busy_calendars (audition_id, participant, connection, calendar, data_key, sealed_calendar_id)
     VALUES ('aud_1', 'ada', 'conn_1', 'calendar:1', 'ledger:2020-03', '')`,
  );
  await operation('closed long ago', await audition(401), 402, 'ledger:2020-01');
  await operation('closed recently', await audition(399), 402, 'ledger:2020-02');
  await operation('open', await audition(), 490, 'ledger:2020-02');
  await operation('of no audition', null, 401, null);
  await operation('of no audition, recent', null, 399, null);
  await operation('of an unknown audition', 'aud_unknown', 401, null);

  expect(await deleteOldOperations(db, keyDb, 400)).toBe(2);

  const left = (await pool.query('SELECT key FROM operations ORDER BY key')).rows.map(({ key }) => key);
  expect(left).toEqual(['closed recently', 'of an unknown audition', 'of no audition, recent', 'open']);
  const keysLeft = (await keyPool.query('SELECT id FROM data_keys ORDER BY id')).rows.map(({ id }) => id);
  expect(keysLeft).toEqual(['inbox:2020-01', 'ledger:2020-02', 'ledger:2020-03']);
});

test('retention deletes the room of a casting session after the ledger of its last audition', async () => {
  const { db, pool, keyDb, audition } = await setup();
  const session = 'ses_1-2026-12-03';
  const operation = (key: string, owner: string) =>
    pool.query(
      `INSERT INTO operations (key, organization, provider, operation, state, started_at, audition_id)
       VALUES ($1, 'org_north', 'zoom', 'meetings.create', 'completed', now() - interval '402 days', $2)`,
      [key, owner],
    );
  const use = (key: string, auditionId: string) =>
    pool.query(
      `INSERT INTO session_room_uses (key, session, number, audition_id, starts_at, ends_at, revision)
       VALUES ($1, $2, 1, $3, now(), now(), 1)`,
      [key, session, auditionId],
    );
  await pool.query(
    `INSERT INTO session_rooms (session, number, organization, key, provider, state, zone, created_from, created_until,
       starts_at, ends_at) VALUES ($1, 1, 'org_north', 'room', 'zoom', 'left', 'UTC', now(), now(), now(), now())`,
    [session],
  );
  await operation('room', session);
  const [old, open] = [await audition(401), await audition()];
  for (const [key, id] of [
    ['old', old],
    ['open', open],
  ] as const) {
    await operation(key, id);
    await use(key, id);
  }
  const rooms = async () => (await pool.query('SELECT number FROM session_rooms')).rowCount;
  expect(await deleteOldOperations(db, keyDb, 400)).toBe(1);
  expect(await deleteOldOperations(db, keyDb, 400)).toBe(0);
  expect(await rooms()).toBe(1);
  await pool.query("DELETE FROM operations WHERE key = 'open'");
  expect(await deleteOldOperations(db, keyDb, 400)).toBe(1);
  expect(await rooms()).toBe(0);
});

test('retention deletes the deliveries of auditions closed long ago', async () => {
  const { db, pool, audition } = await setup();
  for (const [id, auditionId] of [
    ['old', await audition(31)],
    ['recent', await audition(29)],
    ['open', await audition()],
  ]) {
    await pool.query(
      `INSERT INTO deliveries (id, organization, audition_id, participant, channel) VALUES ($1, 'org_north', $2, 'ada', 'sms')`,
      [id, auditionId],
    );
  }

  expect(await deleteOldDeliveries(db, 30)).toBe(1);

  const left = (await pool.query('SELECT id FROM deliveries ORDER BY id')).rows.map(({ id }) => id);
  expect(left).toEqual(['open', 'recent']);
});
