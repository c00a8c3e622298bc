/** Tests the search for free slots with holds and calendars. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderError } from '../../../domain/errors.ts';
import type { OrganizationId } from '../../../domain/ids.ts';
import { createTestApi, performerConnection } from '../../../tests/harness/api.ts';
import { newAuditionId } from '../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';
import { blockBody } from '../../../tests/harness/session-blocks.ts';
import type { FindBusy } from '../../dependencies.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.repositories.connections.put(performerConnection);
});
afterAll(() => database.drop());

const calendar = { provider: 'google', connection: 'conn_1', calendarId: 'primary' };

const setup = async (findBusy: FindBusy = async () => [], organization: OrganizationId = 'org_north') => {
  const test = await createTestApi(database, { findBusy });
  const key = await test.keyFor('backend', organization);
  /** A participant of this test only. */
  const participant = { id: crypto.randomUUID(), zone: 'Europe/Paris', calendar };
  const ask = (slot: object = {}, participants: readonly object[] = [participant], more: object = {}) =>
    test.call('POST', '/v1/availability', {
      key,
      body: {
        slot: {
          earliest: '2026-12-01T09:00',
          latest: '2026-12-01T11:00',
          durationMinutes: 60,
          zone: 'Europe/Paris',
          ...slot,
        },
        participants,
        limit: 3,
        ...more,
      },
    });
  return { ...test, participant, ask };
};

/** The primary calendar of `performerConnection`. */
const calendarResource = `calendar:google/${performerConnection.account}`;

const ranked = (start: string, withinWorkingHours: boolean) =>
  expect.objectContaining({ start: `2026-12-01T${start}:00.000Z`, withinWorkingHours });
const at = (start: string) => expect.objectContaining({ start: `2026-12-01T${start}:00.000Z` });

describe('availability', () => {
  it('ranks the earliest slot within all participants’ working hours first', async () => {
    const { ask } = await setup();
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body).toEqual({ slots: [at('08:00'), at('08:15'), at('08:30')] });
  });

  it('excludes a blackout until further notice', async () => {
    const { ask, participant } = await setup();
    const away = { ...participant, blackouts: [{ from: '2026-11-24', until: '9999-12-31' }] };
    const { status, body } = await ask({}, [away]);
    expect({ status, body }).toEqual({ status: 200, body: { slots: [] } });
  });

  it('excludes busy times of the calendars', async () => {
    const { ask } = await setup(async () => [
      { start: '2026-12-01T08:00:00.000Z', end: '2026-12-01T08:40:00.000Z' },
    ]);
    expect((await ask()).body).toEqual({ slots: [at('08:45'), at('09:00')] });
  });

  it.each([
    ['the participant', 'org_north', (id: string) => `participant:${id}`],
    ['the same calendar, in another organization', 'org_south', () => calendarResource],
  ] as const)(
    'excludes times that another audition holds for %s',
    async (_name, organization, resourceOf) => {
      const { ask, participant } = await setup();
      const auditionId = newAuditionId();
      await database.repositories.holds.claim(
        { auditionId, run: 'run-1', position: { facts: [], number: 0 } },
        {
          organization,
          claim: 1,
          slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T10:00:00.000Z' },
          resources: [resourceOf(participant.id)],
        },
      );
      expect((await ask()).body).toEqual({ slots: [at('08:00')] });
      await database.repositories.holds.releaseAll(auditionId);
    },
  );

  it('ranks by the working hours of each participant', async () => {
    const { ask, participant } = await setup();
    const late = { ...participant, workingHours: { from: '10:00', until: '23:00' } };
    expect((await ask({}, [late])).body).toEqual({
      slots: [ranked('09:00', true), ranked('08:00', false), ranked('08:15', false)],
    });
    const reversed = { ...participant, workingHours: { from: '19:00', until: '09:00' } };
    expect((await ask({}, [reversed])).body).toMatchObject({ code: 'invalid_body' });
  });

  it('keeps the buffers of the request to events and to auditions, and leaves out blackouts', async () => {
    const { ask, participant } = await setup(async () => [
      { start: '2026-12-01T07:00:00.000Z', end: '2026-12-01T07:50:00.000Z' },
    ]);
    const slotsWith = async (conflicts: object) => (await ask({}, [participant], { conflicts })).body;
    expect(await slotsWith({ calendarBuffer: 'PT20M' })).toEqual({
      slots: [at('08:15'), at('08:30'), at('08:45')],
    });
    await database.repositories.holds.claim(
      { auditionId: newAuditionId(), run: 'run-1', position: { facts: [], number: 0 } },
      {
        organization: 'org_north',
        claim: 1,
        slot: { start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T10:00:00.000Z' },
        resources: [`participant:${participant.id}`],
      },
    );
    expect(await slotsWith({ buffer: 'PT10M' })).toEqual({ slots: [] });
    const absent = { ...participant, blackouts: [{ from: '2026-12-01', until: '2026-12-02' }] };
    expect((await ask({}, [absent])).body).toEqual({ slots: [] });
  });

  it('lists only free slots of a session block whose sessions overlap', async () => {
    const { call, keyFor } = await createTestApi(database, {
      findBusy: async () => [{ start: '2026-12-01T09:15:00.000Z', end: '2026-12-01T09:30:00.000Z' }],
    });
    const key = await keyFor('backend', 'org_north');
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const recurrence = { added: ['2026-12-01T09:00'] };
    const body = { ...blockBody({ recurrence, gapMinutes: 0 }), end: '2026-12-01T11:00' };
    const created = await call('POST', '/v1/session-blocks', { key, body, headers });
    const { id } = Object(created.body);
    const moved = { start: '2026-12-01T10:00', end: '2026-12-01T11:00' };
    await call('PUT', `/v1/session-blocks/${id}/sessions/2026-12-01T09:00`, {
      key,
      body: { ...moved, start: '2026-12-01T09:45' },
      headers: { 'if-match': '"1"' },
    });
    const participants = [{ id: crypto.randomUUID(), zone: 'Europe/Paris', calendar }];
    const found = await call('POST', '/v1/availability', {
      key,
      body: { slot: { block: id }, participants, limit: 20 },
    });
    const starts = Object(found.body).slots?.map(({ start }: { start: string }) => start.slice(11, 16));
    expect(starts).toEqual(['08:45', '09:00', '09:00', '09:30', '09:30', '09:45', '09:45']);
  });

  it('counts the calendar of a room for the sessions of a block in that room, and for those without a room', async () => {
    const asked: string[] = [];
    const { call, keyFor } = await createTestApi(database, {
      findRoomBusy: async (_organization, { email }) => {
        asked.push(email);
        return [{ start: '2026-12-01T08:00:00.000Z', end: '2026-12-01T09:00:00.000Z', isRoom: true }];
      },
    });
    const key = await keyFor('backend', 'org_north');
    const create = async (body: object) => {
      const headers = { 'idempotency-key': crypto.randomUUID() };
      const created = await call('POST', '/v1/session-blocks', { key, body, headers });
      return Object(created.body).id;
    };
    const twoHours = { start: '2026-12-01T09:00', end: '2026-12-01T11:00', slotMinutes: 60, gapMinutes: 0 };
    const recurrence = { added: [] };
    const roomCalendar = {
      provider: 'google',
      connection: performerConnection.id,
      email: 'Studio@resource.calendar.google.com',
    };
    const find = async (block: string, slot: object) =>
      call('POST', '/v1/availability', {
        key,
        body: { slot: { block, ...slot }, participants: [{ id: crypto.randomUUID(), zone: 'Europe/Paris' }] },
      });
    const startsIn = async (block: string, room?: string) => {
      const found = await find(block, room === undefined ? {} : { room, roomCalendar });
      return Object(found.body).slots?.map(({ start, room: of }: { start: string; room?: string }) => [
        start.slice(11, 16),
        of,
      ]);
    };
    const inStudio = await create(blockBody({ ...twoHours, recurrence }));
    expect(await startsIn(inStudio, 'studio  2')).toEqual([['09:00', 'Studio 2']]);
    expect(asked).toEqual(['studio@resource.calendar.google.com']);
    const both = [
      ['08:00', 'Studio 2'],
      ['09:00', 'Studio 2'],
    ];
    expect(await startsIn(inStudio, 'Studio 3')).toEqual(both);
    expect(await startsIn(inStudio)).toEqual(both);
    expect(asked).toHaveLength(1);
    const { room: _room, ...anywhere } = blockBody({ ...twoHours, recurrence });
    expect(await startsIn(await create(anywhere), 'Studio 3')).toEqual([['09:00', 'Studio 3']]);
    expect(await find(inStudio, { roomCalendar })).toMatchObject({ status: 400 });
    const unknown = { room: 'Studio 2', roomCalendar: { ...roomCalendar, connection: 'conn_unknown' } };
    expect(await find(inStudio, unknown)).toMatchObject({
      status: 422,
      body: { code: 'unknown_connection' },
    });
  });

  it('reads the events only when they can change the result', async () => {
    const asked: string[] = [];
    const event = { start: '2026-12-01T08:00:00.000Z', end: '2026-12-01T09:30:00.000Z' } as const;
    const { ask } = await setup(async (...[, , , , { precision }]) => {
      asked.push(precision);
      // The event is that of another audition, whose hold tells when it needs the time.
      return precision === 'free_busy' ? [event] : [];
    });
    expect((await ask()).body).toEqual({ slots: [at('08:00'), at('08:15'), at('08:30')] });
    expect(asked).toEqual(['free_busy', 'events']);
    await ask({ earliest: '2026-12-01T10:30', latest: '2026-12-01T12:00' });
    expect(asked).toEqual(['free_busy', 'events', 'free_busy']);
  });

  it('keeps the busy times when the events cannot be read', async () => {
    const { ask } = await setup(async (...[, , , , { precision }]) => {
      if (precision === 'events') {
        throw new ProviderError(
          'google',
          'calendar.listEvents',
          { kind: 'not_permitted' },
          { code: '403', message: 'only busy times are visible' },
        );
      }
      return [{ start: '2026-12-01T08:00:00.000Z', end: '2026-12-01T08:40:00.000Z' }];
    });
    expect((await ask()).body).toEqual({ slots: [at('08:45'), at('09:00')] });
  });

  it("applies the organization's rules, and asks for tentative events as they say", async () => {
    const asked: string[] = [];
    const { ask, participant } = await setup(async (...[, , , , { tentative, precision }]) => {
      asked.push(tentative, precision);
      return [];
    }, 'org_ruled');
    await database.repositories.connections.put({
      ...performerConnection,
      id: 'conn_ruled',
      organization: 'org_ruled',
    });
    await database.repositories.organizations.put({
      id: 'org_ruled',
      name: 'Ruled',
      meetingProviders: [],
      conflicts: {
        tentative: 'ignore',
        blackouts: [{ from: '2026-12-01', until: '2026-12-01', zone: 'Europe/Paris' }],
      },
    });
    const ruled = { ...participant, calendar: { ...calendar, connection: 'conn_ruled' } };
    expect((await ask({}, [ruled])).body).toEqual({ slots: [] });
    expect(asked).toEqual(['ignore', 'events']);
  });

  it('rejects a window inside a DST gap, an unknown zone, and an unknown connection', async () => {
    const { ask, participant } = await setup();
    expect((await ask({ earliest: '2027-03-28T02:30', latest: '2027-03-28T12:00' })).body).toMatchObject({
      code: 'local_time_in_gap',
    });
    expect((await ask({}, [{ ...participant, zone: 'Mars/Base' }])).body).toMatchObject({
      code: 'unknown_zone',
      errors: [{ pointer: '/participants/0/zone' }],
    });
    const calendarOfNobody = { ...calendar, connection: 'conn_none' };
    expect((await ask({}, [{ ...participant, calendar: calendarOfNobody }])).body).toMatchObject({
      code: 'unknown_connection',
    });
  });

  it.each([
    [{ kind: 'outage', effect: 'none' }, 503, 'temporarily_unavailable'],
    [{ kind: 'reconnect' }, 422, 'unknown_connection'],
    [{ kind: 'rejected_input' }, 422, 'unknown_connection'],
    [{ kind: 'misconfigured' }, 500, 'internal'],
  ] as const)('answers a calendar’s %j with %i', async (fault, status, code) => {
    const { ask } = await setup(() =>
      Promise.reject(new ProviderError('google', 'freebusy', fault, { message: 'no' })),
    );
    expect(await ask()).toMatchObject({
      status,
      body: { code, ...(status === 422 && { errors: [{ pointer: '/participants/0/calendar' }] }) },
    });
  });
});

describe('availability with several calendars of a participant', () => {
  const family = { provider: 'google', connection: 'conn_1', calendarId: 'family' };

  it('reads the calendars of one connection in one call, each once', async () => {
    const asked: unknown[] = [];
    const { ask, participant } = await setup(async (_organization, calendars) => {
      asked.push(calendars);
      return [{ start: '2026-12-01T08:00:00.000Z', end: '2026-12-01T08:40:00.000Z' }];
    });
    const participants = [
      { ...participant, calendar: { provider: 'google', connection: 'conn_1' }, busyCalendars: [family] },
      { id: crypto.randomUUID(), zone: 'Europe/Paris', busyCalendars: [family] },
    ];
    expect((await ask({}, participants)).body).toEqual({ slots: [at('08:45'), at('09:00')] });
    const calendars = [
      { calendarId: 'primary', isBusyOnly: false },
      { calendarId: 'family', isBusyOnly: true },
    ];
    // The events can change the result.
    expect(asked).toEqual([
      { connection: 'conn_1', calendars },
      { connection: 'conn_1', calendars },
    ]);
  });

  it('reads the events of no feed that only counts as busy', async () => {
    const connected = await database.repositories.connections.connect({
      organization: 'org_north',
      owner: undefined,
      provider: 'ics',
      grant: {
        account: { id: crypto.randomUUID(), name: 'Work' },
        scopes: [],
        credential: { kind: 'feed_address', address: 'https://calendar.example.com/basic.ics' },
      },
    });
    const connection = connected.kind === 'connected' ? connected.id : 'conn_none';
    const asked: unknown[] = [];
    const { ask, participant } = await setup(async (...[, calendars, , , { precision }]) => {
      asked.push([calendars.connection, precision]);
      return calendars.connection === connection
        ? [{ start: '2026-12-01T08:00:00.000Z', end: '2026-12-01T08:40:00.000Z' }]
        : [];
    });
    const feed = { provider: 'ics', connection, calendarId: 'primary' };
    const participants = [{ ...participant, busyCalendars: [feed] }];
    expect((await ask({}, participants)).body).toEqual({ slots: [at('08:45'), at('09:00')] });
    expect(asked).toEqual([
      ['conn_1', 'free_busy'],
      [connection, 'free_busy'],
    ]);
  });

  it('names a busy calendar whose connection the organization does not have, or which cannot be read', async () => {
    const { ask, participant } = await setup(async () => {
      throw new ProviderError('google', 'calendar.freeBusy', { kind: 'not_found' }, { message: 'no' });
    });
    const busy = (connection: string) => [
      { id: participant.id, zone: 'Europe/Paris', busyCalendars: [{ ...family, connection }] },
    ];
    expect(await ask({}, busy('conn_none'))).toMatchObject({
      status: 422,
      body: {
        code: 'unknown_connection',
        errors: [{ pointer: '/participants/0/busyCalendars/0/connection' }],
      },
    });
    expect(await ask({}, busy('conn_1'))).toMatchObject({
      status: 422,
      body: { code: 'unknown_connection', errors: [{ pointer: '/participants/0/busyCalendars' }] },
    });
  });

  it('refuses an Apple account without a calendar, and more than ten busy calendars', async () => {
    const { ask, participant } = await setup();
    const apple = [{ ...participant, calendar: { provider: 'apple', connection: 'conn_1' } }];
    expect(await ask({}, apple)).toMatchObject({
      status: 422,
      body: { code: 'calendar_not_chosen', errors: [{ pointer: '/participants/0/calendar/calendarId' }] },
    });
    const many = [{ ...participant, busyCalendars: Array.from({ length: 11 }, () => family) }];
    expect(await ask({}, many)).toMatchObject({ status: 400, body: { code: 'invalid_body' } });
  });
});
