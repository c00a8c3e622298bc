import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionId } from '../../domain/ids.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Begins the removal of an event that ends at the time, in the syntax of PostgreSQL. */
const setUp = async (endsAt: string) => {
  const { repositories, pool } = database;
  const connection: ConnectionId = `conn_${randomUUID()}`;
  const calendarName = `google/${connection}@example.com`;
  const key = { connection, calendar: (await repositories.storedNames()).calendar(calendarName) };
  const auditionId = newAuditionId();
  await pool.query(
    `INSERT INTO synced_events (connection, calendar, event_id, starts_at, ends_at, zone, is_all_day, busy, generation)
     VALUES ($1, $2, 'e1', $3::timestamptz - interval '1 hour', $3::timestamptz, 'UTC', false, 'busy', 0)`,
    [connection, key.calendar, endsAt],
  );
  const removal = { ...key, eventId: 'e1', auditionId, reason: 'orphaned' } as const;
  expect(await repositories.syncedEvents.beginRemoval(removal)).toMatchObject(removal);
  const done = () => repositories.syncedEvents.listDoneRemovals(key);
  const record = () =>
    repositories.writtenEvents.record({
      organization: 'org_1',
      connection,
      provider: 'google',
      calendarName,
      calendarId: 'primary',
      eventId: 'e1',
      auditionId,
      participant: undefined,
      key: 'k1',
      slot: { start: '2031-01-01T10:00:00.000Z', end: '2031-01-01T11:00:00.000Z', zone: 'UTC' },
      revision: 1,
    });
  return { ...repositories, key, auditionId, done, record };
};

describe('a removal that was not carried out', () => {
  it('is not done when the stored event is deleted because it is over', async () => {
    const { syncedCalendars, key, done } = await setUp('2020-01-01T10:00:00Z');
    await syncedCalendars.deleteOldEvents(key.connection);
    expect(await done()).toEqual([]);
  });

  it('is not done when the audition has written the event again and removes it later', async () => {
    const { writtenEvents, auditionId, done, record } = await setUp('2031-01-01T11:00:00Z');
    await record();
    await writtenEvents.forget(auditionId, ['k1']);
    expect(await done()).toEqual([]);
  });

  it.each(['remove', 'removeUnused', 'suspend'] as const)(
    'is not done when the calendar is forgotten by %s',
    async (how) => {
      const { syncedCalendars, syncedEvents, key, done, record } = await setUp('2031-01-01T11:00:00Z');
      await record();
      await database.pool.query(
        "UPDATE synced_events SET audition_id = NULL, booked_by = NULL WHERE connection = $1 AND event_id = 'e1'",
        [key.connection],
      );
      const removal = { ...key, eventId: 'e1', auditionId: newAuditionId(), reason: 'orphaned' } as const;
      expect(await syncedEvents.beginRemoval(removal)).toBeDefined();
      await (how === 'suspend' ? syncedCalendars.suspend(key.connection) : syncedCalendars[how](key));
      expect(await done()).toEqual([]);
    },
  );
});
