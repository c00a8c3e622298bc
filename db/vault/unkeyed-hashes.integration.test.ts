/** Tests that a worker that starts finds the hashes without a key by an index, also in full tables. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    INSERT INTO deliveries (id, organization, audition_id, participant, channel, address)
    SELECT 'dlv_' || n, 'org_large', 'aud_' || n, 'ada', 'email', 'v1:' || n FROM generate_series(1, 20000) AS n`);
  await database.pool.query(`
    INSERT INTO suppressions (organization, address, reason, delivery_id)
    SELECT 'org_large', 'v1:' || n, 'bounced', 'dlv_' || n FROM generate_series(1, 20000) AS n`);
  await database.pool.query(`
    INSERT INTO connections (id, organization, provider, account_reference, account)
    SELECT 'conn_' || n, 'org_large', 'google', 'v1:' || n, '' FROM generate_series(1, 20000) AS n`);
  await database.pool.query(`
    INSERT INTO operations (key, organization, provider, operation, state, started_at)
    SELECT 'op_' || n, 'org_large', 'zoom', 'meetings.create', 'completed', now() FROM generate_series(1, 5000) AS n`);
  await database.pool.query(`
    INSERT INTO meeting_host_claims (key, revision, audition_id, vendor, host, during)
    SELECT 'op_' || n, 1, 'aud_' || n, 'zoom', 'v1:' || n, tstzrange(now(), now() + interval '1 hour')
    FROM generate_series(1, 5000) AS n`);
  await storeNames();
  await database.pool.query('ANALYZE');
});
afterAll(() => database.drop());

/** Stores the keyed names of calendars, rooms and places. */
const storeNames = async (): Promise<void> => {
  const { pool } = database;
  await pool.query(`
    INSERT INTO slot_holds (audition_id, claim, resource, organization, during, place)
    SELECT 'aud_' || n, 1, 'calendar:v1:' || n, 'org_large', tstzrange(now(), now() + interval '1 hour'), 'v1:' || n
    FROM generate_series(1, 5000) AS n`);
  await pool.query(`
    INSERT INTO synced_calendars (connection, calendar, organization, provider, sealed_id)
    SELECT 'conn_' || n, 'calendar:v1:' || n, 'org_large', 'google', '' FROM generate_series(1, 5000) AS n`);
  await pool.query(`
    INSERT INTO synced_events
      (connection, calendar, event_id, starts_at, ends_at, zone, is_all_day, busy, generation, room_calendar)
    SELECT 'conn_' || n, 'calendar:v1:' || n, 'e1', now(), now(), 'UTC', false, 'busy', 1, 'calendar:v1:' || n
    FROM generate_series(1, 20000) AS n`);
  await pool.query(`
    INSERT INTO busy_calendars (audition_id, participant, connection, calendar)
    SELECT 'aud_' || n, 'ada', 'conn_' || n, 'calendar:v1:' || n FROM generate_series(1, 5000) AS n`);
  await pool.query(`
    INSERT INTO calendar_removals (connection, calendar, event_id, id, audition_id, reason, begun_at)
    SELECT 'conn_' || n, 'calendar:v1:' || n, 'e1', n, 'aud_' || n, 'orphaned', now() FROM generate_series(1, 5000) AS n`);
  await pool.query(`
    INSERT INTO unreadable_events (connection, calendar, kind, organization, faults, first_seen_at, last_seen_at)
    SELECT 'conn_' || n, 'calendar:v1:' || n, 'events_unreadable', 'org_large', '{}', now(), now()
    FROM generate_series(1, 5000) AS n`);
  await pool.query(`
    INSERT INTO watch_subscriptions (id, provider, organization, connection, calendar_id, expires_at)
    SELECT n, 'google', 'org_large', 'conn_' || n, 'calendar:v1:' || n, now() FROM generate_series(1, 5000) AS n`);
};

const keyNames = async (): Promise<void> => {
  const { unkeyedNames, storedNames } = database.repositories;
  await unkeyedNames.key(await storedNames());
};

const plansSchema = z.array(z.object({ 'QUERY PLAN': z.string() }));

it.each([
  [
    'addresses',
    () => database.repositories.unkeyedAddresses.key(),
    ['deliveries_with_unkeyed_address', 'suppressions_with_unkeyed_address'],
  ],
  [
    'account references',
    () => database.repositories.missingReferences.complete(() => {}),
    ['connections_with_unkeyed_reference'],
  ],
  ['hosts', () => database.repositories.unkeyedHosts.key(), ['meeting_host_claims_with_unkeyed_host']],
  [
    'names',
    keyNames,
    [
      'slot_holds_with_unkeyed_resource',
      'slot_holds_with_unkeyed_place',
      'synced_calendars_with_unkeyed_name',
      'synced_events_with_unkeyed_name',
      'synced_events_with_unkeyed_room',
      'busy_calendars_with_unkeyed_name',
      'calendar_removals_with_unkeyed_name',
      'unreadable_events_with_unkeyed_name',
      'watch_subscriptions_with_unkeyed_name',
    ],
  ],
] as const)('the search for %s without a key reads an index', async (_, search, indexes) => {
  const query = vi.spyOn(database.pool, 'query');
  await search();
  const sent = query.mock.calls.map(
    ([statement, parameters]) =>
      [z.object({ text: z.string() }).parse(statement).text, z.array(z.unknown()).parse(parameters)] as const,
  );
  query.mockRestore();
  // The table of failures is small: it has a row for each connection that has ever failed.
  const searches = sent.filter(
    ([text]) => text.includes('[0-9a-f]{64}') && !text.includes('connection_failures'),
  );
  const plans = await Promise.all(
    searches.map(async ([text, parameters]) => {
      const { rows } = await database.pool.query(`EXPLAIN ${text}`, [...parameters]);
      return plansSchema.parse(rows).map((row) => row['QUERY PLAN']);
    }),
  );
  const plan = plans.flat().join('\n');
  for (const index of indexes) expect(plan).toContain(index);
  expect(plan).not.toContain('Seq Scan');
});
