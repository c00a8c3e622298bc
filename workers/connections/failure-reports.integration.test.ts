/** Tests that the casting office is notified of connections that fail, and of the end of each failure, once each. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endpointIdSchema, organizationIdSchema } from '../../domain/ids.ts';
import { documentedEvents } from '../../domain/platform-events/public-event.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { useCalendar } from '../../tests/harness/used-calendar.ts';
import type { EndpointNoticeInput } from '../../workflows/event-delivery/messages.ts';
import { createFailureReportRound } from './failure-reports.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("UPDATE connections SET status = 'disconnected'");
  await database.pool.query('DELETE FROM connection_failures');
});

const notStopping = new AbortController().signal;

const setUpEndpoint = async () => {
  const { repositories } = database;
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const endpoint = endpointIdSchema.parse(`endp_${randomUUID()}`);
  await repositories.endpoints.create(
    { id: endpoint, organization, url: 'https://p.example.com/', eventTypes: [], secret: 'whsec_MfKQ9r8G' },
    { by: 'test', role: 'admin', correlationId: 'c' },
  );
  const sent: EndpointNoticeInput[] = [];
  const temporal = { isDown: false };
  const run = createFailureReportRound({
    repositories,
    deliver: async (input) => {
      if (temporal.isDown) throw new Error('14 UNAVAILABLE');
      sent.push(input);
    },
    logger: { warn: () => undefined, info: () => undefined },
  });
  const events = () => sent.map(({ message: { event } }) => event);
  return { organization, endpoint, sent, events, temporal, round: () => run(notStopping) };
};

const setUpFeed = async () => {
  const { repositories, pool } = database;
  const parts = await setUpEndpoint();
  const { organization } = parts;
  const enterAddress = async () => {
    const connected = await repositories.connections.connect({
      organization,
      owner: 'ann',
      provider: 'ics',
      grant: {
        account: { id: 'feed-of-ann', name: 'Work (calendar.example.com)' },
        scopes: [],
        credential: { kind: 'feed_address', address: 'https://calendar.example.com/secret.ics' },
      },
    });
    if (connected.kind !== 'connected') throw new Error('the feed was not connected');
    return connected.id;
  };
  const id = await enterAddress();
  const fail = async (hours: number) => {
    const { version = 0 } = (await repositories.connections.get(organization, id)) ?? {};
    await repositories.connections.markNeedsReauthorization(id, 'grant_refused', version);
    await pool.query(
      `UPDATE connections SET reauthorization_since = now() - interval '${hours} hours' WHERE id = $1`,
      [id],
    );
  };
  return { ...parts, id, enterAddress, fail };
};

/** An account with one calendar that an audition uses. */
const setUpCalendar = async () => {
  const { repositories, pool } = database;
  const parts = await setUpEndpoint();
  const { organization } = parts;
  const connected = await repositories.connections.connect({
    organization,
    owner: 'bea',
    provider: 'google',
    grant: {
      account: { id: 'bea', name: 'bea@example.com' },
      scopes: [],
      credential: { kind: 'oauth', refreshToken: 'r' },
    },
  });
  if (connected.kind !== 'connected') throw new Error('the account was not connected');
  const { id } = connected;
  const calendar = await useCalendar(repositories, { organization, connection: id, calendarId: 'one' });
  const fail = async (error: string, minutes: number) => {
    await repositories.syncedCalendars.markUnavailable(calendar, error);
    await pool.query(
      `UPDATE synced_calendars SET error_since = now() - interval '${minutes} minutes' WHERE connection = $1`,
      [id],
    );
  };
  const recover = async () => {
    const progress = await repositories.syncedCalendars.beginListing(calendar);
    await repositories.syncedEvents.storePage(progress, {
      requestedAt: '2026-12-01T09:00:00.000Z',
      events: [],
      wholeSeries: undefined,
      listedUntil: undefined,
      nextPage: undefined,
      nextCursor: 'c1',
    });
  };
  return { ...parts, id, calendar, fail, recover };
};

const setUpDamage = async () => {
  const parts = await setUpCalendar();
  const { repositories, pool } = database;
  const { id, organization } = parts;
  const list = async (
    faults: readonly string[],
    calendar: Parameters<typeof repositories.syncedCalendars.beginListing>[0] = parts.calendar,
  ) => {
    const progress = await repositories.syncedCalendars.beginListing(calendar);
    await repositories.syncedEvents.storePage(progress, {
      requestedAt: '2026-12-01T09:00:00.000Z',
      events: [],
      leftOut: { events: [], faults },
      nextCursor: 'c1',
    });
  };
  /** A claim has read the calendar for busy times. */
  const read = (calendarName: string) =>
    repositories.unreadableEvents.record({
      connection: id,
      organization,
      calendarName,
      faults: ['no_start: DTSTART'],
    });
  const age = (column: string, time: string) =>
    pool.query(
      `UPDATE unreadable_events SET ${column} = ${column} - interval '${time}' WHERE connection = $1`,
      [id],
    );
  const problems = async () =>
    ((await repositories.connectionProblems.list([id])).get(id) ?? []).map(({ kind }) => kind);
  return { ...parts, list, read, age, problems };
};

describe('a calendar feed', () => {
  it('that has been failing for a day is reported once to the endpoints of the organization', async () => {
    const { organization, endpoint, id, fail, sent, round } = await setUpFeed();
    await fail(23);
    await round();
    expect(sent).toEqual([]);
    await fail(25);
    await round();
    await round();
    expect(sent).toMatchObject([
      {
        organization,
        endpoint,
        message: {
          event: {
            type: 'connection.failing',
            data: { connection: id, provider: 'ics', owner: 'ann', problems: [{ kind: 'reconnect' }] },
          },
        },
      },
    ]);
  });

  it('is reported as recovered after its owner has entered the address, and again when that fails', async () => {
    const { enterAddress, fail, sent, events, round } = await setUpFeed();
    await fail(25);
    await round();
    await enterAddress();
    await round();
    await round();
    expect(events()).toMatchObject([
      { type: 'connection.failing' },
      { type: 'connection.failure_ended', data: { reason: 'recovered' } },
    ]);
    await fail(25);
    await round();
    expect(events().at(-1)).toMatchObject({ type: 'connection.failing' });
    expect(new Set(sent.map(({ message }) => message.id)).size).toBe(3);
  });

  it('is reported in a later round when Temporal does not answer, as the failure was then', async () => {
    const { fail, events, enterAddress, round, temporal } = await setUpFeed();
    await fail(25);
    temporal.isDown = true;
    await expect(round()).rejects.toThrow('UNAVAILABLE');
    await enterAddress();
    temporal.isDown = false;
    await round();
    expect(events()).toMatchObject([
      { type: 'connection.failing', data: { problems: [{ kind: 'reconnect' }] } },
    ]);
    await round();
    expect(events().at(-1)).toMatchObject({ type: 'connection.failure_ended' });
  });
});

describe('a calendar of an account', () => {
  it('that vanished is reported once for all rounds of its failure, and once when it is back', async () => {
    const { id, calendar, fail, recover, sent, events, round } = await setUpCalendar();
    await fail('not_found', 5);
    await round();
    expect(sent).toEqual([]);
    await fail('not_found', 20);
    await round();
    await database.repositories.syncedCalendars.markUnavailable(calendar, 'not_permitted');
    await round();
    expect(events()).toMatchObject([
      {
        type: 'connection.failing',
        data: {
          connection: id,
          provider: 'google',
          owner: 'bea',
          problems: [{ kind: 'calendar_not_found' }],
        },
      },
    ]);
    await recover();
    await round();
    await round();
    expect(events().slice(1)).toMatchObject([
      { type: 'connection.failure_ended', data: { connection: id, reason: 'recovered' } },
    ]);
  });

  it('that no audition uses any more ends the failure as unused', async () => {
    const { calendar, fail, events, round } = await setUpCalendar();
    await fail('not_permitted', 20);
    await round();
    await database.repositories.syncedCalendars.remove(calendar);
    await round();
    expect(events().at(-1)).toMatchObject({ type: 'connection.failure_ended', data: { reason: 'unused' } });
  });

  it('of a disconnected account ends the failure as disconnected', async () => {
    const { organization, id, fail, events, round } = await setUpCalendar();
    await fail('not_permitted', 20);
    await round();
    await database.repositories.connections.disconnect(organization, id);
    await round();
    expect(events().at(-1)).toMatchObject({
      type: 'connection.failure_ended',
      data: { reason: 'disconnected' },
    });
  });

  describe('with damaged events', () => {
    it('has recovered when a listing of all events does not find them, however late it comes', async () => {
      const { list, age, events, round } = await setUpDamage();
      await list(['no_start: DTSTART', 'too_many_occurrences: RRULE']);
      await age('first_seen_at', '20 minutes');
      await round();
      expect(events()).toMatchObject([
        {
          type: 'connection.failing',
          data: { problems: [{ kind: 'events_too_frequent' }, { kind: 'events_unreadable' }] },
        },
      ]);
      await age('last_seen_at', '100 hours');
      await round();
      await list(['too_many_occurrences: RRULE']);
      await round();
      expect(events()).toHaveLength(1);
      await list([]);
      await round();
      expect(events().slice(1)).toMatchObject([
        { type: 'connection.failure_ended', data: { reason: 'recovered' } },
      ]);
    });

    it('fails until each of its calendars is repaired', async () => {
      const { id, organization, calendar, list, age, events, problems, round } = await setUpDamage();
      const { repositories } = database;
      const other = await useCalendar(repositories, { organization, connection: id, calendarId: 'two' });
      await list(['no_start: DTSTART']);
      await list(['no_start: DTSTART'], other);
      await age('first_seen_at', '20 minutes');
      await round();
      expect(await problems()).toEqual(['events_unreadable', 'events_unreadable']);
      await list([], calendar);
      await round();
      expect(await problems()).toEqual(['events_unreadable']);
      expect(events()).toHaveLength(1);
      await list([], other);
      await round();
      expect(events().at(-1)).toMatchObject({ data: { reason: 'recovered' } });
    });

    it('has not recovered when it is only no longer read', async () => {
      const { calendar, list, age, events, round } = await setUpDamage();
      await list(['no_start: DTSTART']);
      await age('first_seen_at', '20 minutes');
      await round();
      await database.repositories.syncedCalendars.remove(calendar);
      await round();
      expect(events().at(-1)).toMatchObject({
        type: 'connection.failure_ended',
        data: { reason: 'unused' },
      });
    });

    it('has not recovered when another problem of the connection has', async () => {
      const { id, organization, calendar, list, age, fail, recover, events, round } = await setUpDamage();
      const { repositories } = database;
      const other = await useCalendar(repositories, { organization, connection: id, calendarId: 'two' });
      await fail('not_found', 20);
      await round();
      await list(['no_start: DTSTART'], other);
      await age('first_seen_at', '20 minutes');
      await round();
      await repositories.syncedCalendars.remove(other);
      await recover();
      await round();
      expect(calendar.calendar).not.toBe(other.calendar);
      expect(events().at(-1)).toMatchObject({ data: { reason: 'unused' } });
    });

    it('has not recovered when no claim has read it for two days', async () => {
      const { id, read, age, events, round } = await setUpDamage();
      await read('google/family');
      await age('first_seen_at', '20 minutes');
      await round();
      await age('last_seen_at', '49 hours');
      await round();
      expect(events().at(-1)).toMatchObject({
        type: 'connection.failure_ended',
        data: { reason: 'unused' },
      });
      await read('google/family');
      const { rows } = await database.pool.query(
        "SELECT first_seen_at > now() - interval '1 minute' AS is_new FROM unreadable_events WHERE connection = $1",
        [id],
      );
      expect(rows).toEqual([{ is_new: true }]);
    });

    it('still fails after its owner has connected the account again', async () => {
      const { organization, id, list, age, events, round } = await setUpDamage();
      const { repositories } = database;
      await list(['no_start: DTSTART']);
      await age('first_seen_at', '20 minutes');
      await round();
      const { version = 0 } = (await repositories.connections.get(organization, id)) ?? {};
      await repositories.connections.markNeedsReauthorization(id, 'grant_refused', version);
      await round();
      await repositories.accounts.connect(
        {
          organization,
          owner: 'bea',
          provider: 'google',
          grant: {
            account: { id: 'bea', name: 'bea@example.com' },
            scopes: [],
            credential: { kind: 'oauth', refreshToken: 'r2' },
          },
        },
        { by: 'bea', role: 'owner', correlationId: 'c' },
      );
      await round();
      expect(events()).toHaveLength(1);
      await list([]);
      await round();
      expect(events().at(-1)).toMatchObject({ data: { reason: 'recovered' } });
    });
  });

  it('is reported with the documented fields only', async () => {
    const { fail, recover, events, round } = await setUpCalendar();
    await fail('rejected_input', 20);
    await round();
    await recover();
    await round();
    expect(events().map(({ type }) => type)).toEqual(['connection.failing', 'connection.failure_ended']);
    for (const event of events()) {
      const documented = documentedEvents.find(({ type }) => type === event.type);
      expect(documented?.schema.parse(event)).toEqual(event);
      expect(documented?.schema.parse(documented.example)).toEqual(documented?.example);
    }
  });
});
