import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectionId, participantIdSchema } from '../../domain/ids.ts';
import { newAuditionId } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createStarterRound } from './starter.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const notStopping = new AbortController().signal;

const setup = async () => {
  const { repositories, pool } = database;
  await pool.query('TRUNCATE synced_calendars');
  const started: ConnectionId[] = [];
  const temporal = { isDown: false, onStart: async (_connection: ConnectionId) => {} };
  const round = createStarterRound({
    calendars: repositories.syncedCalendars,
    pollMinutes: 15,
    start: async ({ connection }) => {
      if (temporal.isDown) throw new Error('14 UNAVAILABLE');
      started.push(connection);
      await temporal.onStart(connection);
    },
  });
  /** Connects an account, and writes an event to its calendar. */
  const use = async () => {
    const connection: ConnectionId = `conn_${randomUUID()}`;
    await repositories.connections.put({
      id: connection,
      organization: 'org_1',
      provider: 'google',
      account: `${connection}@example.com`,
      refreshToken: 'r',
    });
    await useCalendar(connection, 'primary');
    return connection;
  };
  const useCalendar = (connection: ConnectionId, calendarId: string) =>
    repositories.writtenEvents.record({
      organization: 'org_1',
      connection,
      provider: 'google',
      calendarName: `google/${connection}/${calendarId}`,
      calendarId,
      eventId: 'e1',
      auditionId: newAuditionId(),
      participant: participantIdSchema.parse('ada'),
      key: 'k1',
      slot: { start: '2031-01-01T10:00:00.000Z', end: '2031-01-01T11:00:00.000Z', zone: 'UTC' },
      revision: 1,
    });
  return { pool, round, use, useCalendar, started, temporal };
};

describe('the starter of synchronisations', () => {
  it('starts each connection once whose calendar an audition has begun to use', async () => {
    const { round, use, started } = await setup();
    const [first, second] = [await use(), await use()];
    await round(notStopping);
    await round(notStopping);
    expect(started.toSorted()).toEqual([first, second].toSorted());
  });

  it('starts a connection in a later round when Temporal does not answer', async () => {
    const { round, use, started, temporal } = await setup();
    const connection = await use();
    temporal.isDown = true;
    await expect(round(notStopping)).rejects.toThrow('UNAVAILABLE');
    temporal.isDown = false;
    await round(notStopping);
    expect(started).toEqual([connection]);
  });

  it('signals a synchronisation again when a calendar is registered while it is being started', async () => {
    const { round, use, useCalendar, started, temporal } = await setup();
    const connection = await use();
    temporal.onStart = async (id) => {
      if (started.length === 1) await useCalendar(id, 'another');
    };
    await round(notStopping);
    await round(notStopping);
    await round(notStopping);
    expect(started).toEqual([connection, connection]);
  });

  it('starts a synchronisation again that has missed three polls, but not while its account waits for its owner', async () => {
    const { pool, round, use, started } = await setup();
    const connection = await use();
    await round(notStopping);
    await pool.query("UPDATE synced_calendars SET started_at = now() - interval '1 day', checked_at = now()");
    await round(notStopping);
    expect(started).toEqual([connection]);
    await pool.query("UPDATE synced_calendars SET checked_at = now() - interval '46 minutes'");
    await pool.query("UPDATE connections SET status = 'needs_reauthorization' WHERE id = $1", [connection]);
    await round(notStopping);
    expect(started).toEqual([connection]);
    await pool.query("UPDATE connections SET status = 'connected' WHERE id = $1", [connection]);
    await round(notStopping);
    expect(started).toEqual([connection, connection]);
  });
});
