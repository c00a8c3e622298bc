/** Tests the claim and the booking of rooms that have a calendar at Google or Microsoft. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RoomCalendar, Slot } from '../../domain/audition/slot.ts';
import type { RoomProviderName } from '../../domain/providers/vendors.ts';
import { roomCalendarName } from '../../providers/calendar-names.ts';
import { numbered, requested, trail } from '../../tests/harness/audition-trail.ts';
import { fixed, person, slot, useSlotClaims, window } from '../../tests/harness/slot-claims.ts';

const benchFor = useSlotClaims();

const next: Slot = { ...slot, start: slot.end, end: '2031-07-01T11:00:00.000Z' };
const later: Slot = { ...slot, start: '2031-07-01T10:15:00.000Z', end: '2031-07-01T10:45:00.000Z' };

const domains = { google: 'resource.calendar.google.com', microsoft: 'contoso.example' } as const;

/** Sets up a room and the account that books it. */
const setUp = async (provider: RoomProviderName) => {
  const bench = await benchFor();
  const { repositories, sandbox, activities } = bench;
  const connection = `conn_${randomUUID()}` as const;
  const email = `studio-${randomUUID()}@${domains[provider]}`;
  const account = `office-${randomUUID()}@contoso.example`;
  sandbox.control.addRoom(provider, { email, name: 'Studio 2' });
  await repositories.connections.put({
    id: connection,
    organization: 'org_1',
    provider,
    account,
    refreshToken: `sandbox-refresh-${account}`,
  });
  const roomCalendar: RoomCalendar = { provider, connection, email };
  const room = `Studio ${randomUUID()}`;
  const inRoom = (at: Slot): Slot => ({ ...at, room, roomCalendar });
  const calendars = [{ provider, connection, calendarId: email, isRoom: true }];
  const participants = [person()];
  const claim = (change: Parameters<typeof bench.claim>[0] = {}) =>
    bench.claim({ wish: fixed(inRoom(slot)), participants, calendars, ...change });
  const claimAgain = (change: Parameters<typeof bench.claimAgain>[0] = {}) =>
    bench.claimAgain({ participants, calendars, ...change });
  const addBusy = (at: Slot) =>
    provider === 'google'
      ? sandbox.control.addBusy({ account: email, start: at.start, end: at.end })
      : sandbox.control.addOutlookEvent({
          account: email,
          start: at.start.slice(0, -1),
          end: at.end.slice(0, -1),
        });
  const book = (at: Slot = slot, revision = 1) =>
    activities.bookRoom({
      ...bench.about,
      key: bench.key(`room-booking:r${revision}`),
      room: roomCalendar,
      name: room,
      content: { summary: 'Captain', description: '', location: room, slot: inRoom(at), revision },
    });
  /** Returns the events that the account shows in its calendar. */
  const booked = () =>
    provider === 'google'
      ? sandbox.control
          .state()
          .google.calendars.filter(({ owner }) => owner === account)
          .flatMap(({ events }) => events.filter(({ status }) => status !== 'cancelled'))
      : sandbox.control
          .state()
          .microsoft.calendars.filter(({ owner }) => owner === account)
          .flatMap(({ events }) => events.filter(({ deleted }) => !deleted));
  const untilAnswered = () => expect.poll(() => JSON.stringify(booked())).toMatch(/"(accepted|declined)"/);
  return {
    ...bench,
    connection,
    inRoom,
    room,
    roomCalendar,
    claim,
    claimAgain,
    addBusy,
    book,
    booked,
    untilAnswered,
  };
};

describe.each(['google', 'microsoft'] as const)('a room at %s', (provider) => {
  it('is held and free', async () => {
    const { claim, inRoom } = await setUp(provider);
    expect(await claim()).toMatchObject({ kind: 'held', slot: inRoom(slot) });
  });

  it('is compared again when a move to another room is reverted, also when it cannot be booked', async () => {
    const { claim, claimAgain, inRoom, book, connection, roomCalendar, repositories, pool, auditionId } =
      await setUp(provider);
    const comparedRooms = async () => {
      const sql = `SELECT calendar FROM busy_calendars WHERE audition_id = $1 AND participant = 'room:'`;
      return (await pool.query(sql, [auditionId])).rows.map(({ calendar }) => calendar);
    };
    const names = await repositories.storedNames();
    const storedRoom = (address: string) => names.calendar(roomCalendarName({ provider, email: address }));
    await claim();
    expect(await comparedRooms()).toEqual([storedRoom(roomCalendar.email)]);
    const attic = { provider, connection, email: `attic-${randomUUID()}@${domains[provider]}` };
    await claimAgain({
      wish: fixed({ ...inRoom(next), room: attic.email, roomCalendar: attic }),
      calendars: [],
    });
    expect(await comparedRooms()).toEqual([storedRoom(attic.email)]);
    await repositories.connections.markDeauthorized('org_1', connection);
    await expect(book(slot, 3)).rejects.toMatchObject({ type: 'reconnect' });
    expect(await comparedRooms()).toEqual([storedRoom(roomCalendar.email)]);
  });

  it('that is busy refuses the slot, and names the room', async () => {
    const { claim, addBusy, connection, held } = await setUp(provider);
    addBusy(later);
    expect(await claim()).toMatchObject({
      kind: 'refused',
      reason: 'busy',
      message: 'The room is busy at that time.',
      conflict: {
        blockers: [{ kind: 'calendar_event', participants: [], connection, room: true, start: later.start }],
      },
    });
    expect(await held()).toEqual([]);
  });

  it('that is busy close to the slot refuses it within the buffer for calendars', async () => {
    const { claim, addBusy } = await setUp(provider);
    addBusy(next);
    const rules = {
      policy: 'refuse',
      waitFor: 0,
      tentative: 'block',
      buffer: 0,
      calendarBuffer: 900_000,
      travel: 0,
      blackouts: [],
    } as const;
    expect(await claim({ rules })).toMatchObject({ reason: 'busy' });
    expect(await claim({ rules: { ...rules, calendarBuffer: 0 } })).toMatchObject({ kind: 'held' });
  });

  it('is kept free by a search in a window', async () => {
    const { claim, addBusy, inRoom } = await setUp(provider);
    const { room, roomCalendar } = inRoom(slot);
    addBusy({ ...slot, start: '2031-07-01T00:00:00.000Z', end: '2031-07-02T09:00:00.000Z' });
    expect(await claim({ wish: window({ room, roomCalendar }) })).toMatchObject({
      kind: 'held',
      slot: { start: '2031-07-02T09:00:00.000Z', room, roomCalendar },
    });
  });

  it('is booked for one audition at a time, in all organizations and whatever it is called', async () => {
    const { claim, other, inRoom } = await setUp(provider);
    await claim();
    const id = other();
    expect(
      await claim({
        auditionId: id,
        organization: 'org_2',
        trail: numbered(trail([requested(id, 'org_2'), { type: 'holding_started' }])),
        wish: fixed({ ...inRoom(later), room: 'Another name' }),
        participants: [person()],
      }),
    ).toMatchObject({
      reason: 'taken',
      conflict: { blockers: [{ kind: 'audition', room: true }] },
    });
  });

  it('is booked by an event, which does not stand in the way of its own audition', async () => {
    const { about, claim, claimAgain, book, booked, inRoom, untilAnswered } = await setUp(provider);
    await claim({ trail: about.trail, heldAs: undefined });
    await book();
    await untilAnswered();
    expect(booked()).toMatchObject([{ attendees: [{}] }]);
    expect(await claimAgain({ wish: fixed(inRoom(later)) })).toMatchObject({ kind: 'held' });
  });

  it('that is booked refuses a move into the time of another event', async () => {
    const { about, claim, claimAgain, book, addBusy, inRoom, untilAnswered } = await setUp(provider);
    await claim({ trail: about.trail, heldAs: undefined });
    await book();
    await untilAnswered();
    addBusy(next);
    expect(await claimAgain({ wish: fixed(inRoom(later)) })).toMatchObject({
      reason: 'busy',
      conflict: { blockers: [{ start: next.start, room: true }] },
    });
  });

  it('does not count the booking of another audition as an event beside it', async () => {
    const { about, claim, book, other, inRoom, untilAnswered } = await setUp(provider);
    await claim({ trail: about.trail, heldAs: undefined });
    await book();
    await untilAnswered();
    const rules = {
      policy: 'refuse',
      waitFor: 0,
      tentative: 'block',
      buffer: 0,
      calendarBuffer: 900_000,
      travel: 0,
      blackouts: [],
    } as const;
    expect(
      await claim({ auditionId: other(), wish: fixed(inRoom(next)), rules, participants: [person()] }),
    ).toMatchObject({ kind: 'held' });
  });

  it('is booked once however often the step runs, moves with the audition, and is freed in the end', async () => {
    const { about, activities, book, booked, connection, key, factsOf, untilAnswered } =
      await setUp(provider);
    await book();
    await book();
    expect(booked()).toHaveLength(1);
    await untilAnswered();
    await book(next, 2);
    expect(booked()).toHaveLength(1);
    expect((await factsOf()).filter(({ type }) => type === 'room_booked')).toHaveLength(2);
    const calendar = { provider, connection, calendarId: 'primary' };
    const remove = () => activities.removeEvent({ ...about, keys: [key('room-booking:r2')], calendar });
    expect(await remove()).toEqual({ result: 'undone' });
    expect(booked()).toEqual([]);
    await remove();
    await expect(book(next, 2)).rejects.toThrow(/undone|compensat/i);
  });

  it('can be booked with the calendar of a participant: both use one event', async () => {
    const { about, activities, book, booked, connection, inRoom, key, repositories, auditionId } =
      await setUp(provider);
    const calendar = { provider, connection, calendarId: 'primary' };
    await book();
    const participant = person().id;
    const content = { summary: 'Captain', description: '', slot, revision: 1 };
    await activities.writeEvent({ ...about, key: key('event:a:r1'), participant, calendar, content });
    expect(booked()).toHaveLength(1);
    expect(await repositories.ledger.standingEffects(auditionId)).toMatchObject([
      { target: { kind: 'room_booking', calendar } },
      { target: { kind: 'calendar_event', participant } },
    ]);
    await activities.removeEvent({ ...about, keys: [key('event:a:r1')], calendar });
    expect(JSON.stringify(booked())).toContain(inRoom(slot).roomCalendar?.email);
  });

  it('that cannot be read is reported as such', async () => {
    const { claim, connection, inRoom } = await setUp(provider);
    const unknown = `none-${randomUUID()}@${domains[provider]}`;
    const wish = fixed({ ...inRoom(slot), roomCalendar: { provider, connection, email: unknown } });
    const calendars = [{ provider, connection, calendarId: unknown, isRoom: true }];
    expect(await claim({ wish, calendars })).toMatchObject({
      kind: 'unreadable',
      failures: [{ connection, failure: { code: 'not_found' } }],
    });
  });

  it('is read alone with the busy times of its account', async () => {
    const { about, activities, addBusy, connection, roomCalendar } = await setUp(provider);
    addBusy(slot);
    const busy = await activities.findBusy({
      ...about,
      provider,
      connection,
      calendarIds: ['primary'],
      rooms: [roomCalendar.email],
      window: { from: slot.start, until: slot.end },
    });
    expect(busy).toEqual([{ start: slot.start, end: slot.end, connection, isRoom: true }]);
  });
});
