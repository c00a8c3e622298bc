import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionId } from '../../domain/ids.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { eventually } from '../../tests/harness/eventually.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = async () => {
  const { repositories, pool } = database;
  const connection: ConnectionId = `conn_${randomUUID()}`;
  const calendarName = `google/${connection}@example.com`;
  const key = { connection, calendar: (await repositories.storedNames()).calendar(calendarName) };
  /** Records an event that books a room: nothing else keeps its calendar in use. */
  const record = (eventId: string, year: number) =>
    repositories.writtenEvents.record({
      organization: 'org_1',
      connection,
      provider: 'google',
      calendarName,
      calendarId: 'primary',
      eventId,
      auditionId: newAuditionId(),
      participant: undefined,
      key: 'k1',
      slot: { start: `${year}-01-01T10:00:00.000Z`, end: `${year}-01-01T11:00:00.000Z`, zone: 'UTC' },
      revision: 1,
    });
  /** Keeps the event from being stored until the returned function is called. */
  const block = async (eventId: string) => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO synced_events (connection, calendar, event_id, starts_at, ends_at, zone, is_all_day, busy, generation)
       VALUES ($1, $2, $3, now(), now(), 'UTC', false, 'busy', 0)`,
      [connection, key.calendar, eventId],
    );
    return async () => {
      await client.query('ROLLBACK');
      client.release();
    };
  };
  const waiting = async (count: number) =>
    eventually(async () => {
      const { rows } = await pool.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return rows.length >= count;
    }, 5_000);
  return { ...repositories, key, record, block, waiting };
};

describe('the record of a written event', () => {
  it.each([
    ['is new', false],
    ['was known and no longer used', true],
  ])(
    'keeps its calendar when a round removes unused calendars meanwhile, and the calendar %s',
    async (_what, isKnown) => {
      const { syncedCalendars, key, record, block, waiting } = await setup();
      if (isKnown) await record('past', 2020);
      const release = await block('e1');
      const recording = record('e1', 2031);
      let removing: Promise<boolean> | undefined;
      try {
        await waiting(1);
        removing = syncedCalendars.removeUnused(key);
        await (isKnown ? Promise.race([waiting(2), removing]) : removing);
      } finally {
        await release();
      }
      await Promise.all([recording, removing]);
      expect(await syncedCalendars.find(key)).toMatchObject({ isInUse: true });
      expect(await syncedCalendars.removeUnused(key)).toBe(false);
    },
  );
});
