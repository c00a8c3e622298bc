/** Tests rooms of Google against the sandbox. */
import { describe, expect, it } from 'vitest';
import { roomUser } from '../../domain/audition/room-booking.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import {
  calendarEvent,
  deletion,
  openConnectionWith,
  setUpGoogleCalendar,
  slot,
} from '../../tests/harness/google-calendar.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { ConnectedAccount, ListedChange, ListingPosition, RoomCalendars } from '../ports.ts';
import { createGoogleChanges } from './changes.ts';
import { calendarListScope, directoryScope } from './settings.ts';

const studio = 'c_188studio@resource.calendar.google.com';
const attic = 'c_188attic@resource.calendar.google.com';
const booking = { name: roomUser, key: 'room:1' };
const bookingOf = (email: string, change: Parameters<typeof calendarEvent>[0] = {}) =>
  calendarEvent({ use: booking, room: { email, name: 'Studio 2' }, ...change });

const setUp = async (options: Parameters<typeof setUpGoogleCalendar>[0] = {}) => {
  const bench = await setUpGoogleCalendar(options);
  const { control, calendar } = bench;
  for (const email of [studio, attic]) control.addRoom('google', { email, name: 'Studio 2' });
  const { rooms } = calendar;
  if (!rooms) throw new Error('Google has rooms');
  /** The guests besides the owner of the calendar, who is invited to be able to answer. */
  const guests = () =>
    bench
      .shown()
      .find(({ organizer }) => organizer.email === 'casting@example.test')
      ?.attendees?.filter(({ email }) => email !== 'casting@example.test');
  const untilAnswered = async () => {
    await expect
      .poll(() => guests()?.some((guest) => Reflect.get(guest, 'responseStatus') === 'needsAction'))
      .toBe(false);
  };
  /** Invites another guest, as the owner of the calendar does. */
  const inviteGuest = (eventId: string) =>
    connectToSandbox(bench.settings.apiUrl, 'casting@example.test').calendar.events.patch({
      calendarId: 'primary',
      eventId,
      requestBody: { attendees: [...(guests() ?? []), { email: 'pat@example.test' }] },
    });
  return { ...bench, rooms, guests, untilAnswered, inviteGuest };
};

const day = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-02T00:00:00.000Z' } as const;
const busyOf = async (rooms: RoomCalendars, connection: ConnectedAccount) =>
  rooms.busyTimes(connection, studio, day, callContext());

describe('the event that books a room', () => {
  it('has the room as a guest, which accepts when it is free', async () => {
    const { calendar, connection, guests, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    expect(guests()).toMatchObject([{ email: studio, resource: true, responseStatus: 'accepted' }]);
  });

  it('is declined by a room that is busy', async () => {
    const { calendar, connection, control, guests, untilAnswered } = await setUp();
    control.addBusy({ account: studio, start: slot.start, end: slot.end });
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    expect(guests()).toMatchObject([{ email: studio, responseStatus: 'declined' }]);
  });

  it('changes its room, and keeps the guests whom people have invited', async () => {
    const { calendar, connection, guests, inviteGuest, untilAnswered } = await setUp();
    const { eventId } = await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    await inviteGuest(eventId);
    await calendar.putEvent(connection, bookingOf(attic, { revision: 2 }), callContext());
    await untilAnswered();
    expect(guests()?.map(({ email }) => email)).toEqual(['pat@example.test', attic]);
  });

  it('frees the room when the audition moves, and asks it again', async () => {
    const { calendar, connection, rooms, guests, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    const moved = { ...slot, start: '2026-12-01T14:00:00.000Z', end: '2026-12-01T14:30:00.000Z' } as const;
    await calendar.putEvent(connection, bookingOf(studio, { slot: moved, revision: 2 }), callContext());
    await untilAnswered();
    expect(guests()).toMatchObject([{ responseStatus: 'accepted' }]);
    expect(await busyOf(rooms, connection)).toMatchObject([{ start: moved.start, end: moved.end }]);
  });

  it('is shared with a participant, and loses only the room when the booking ends', async () => {
    const { calendar, connection, rooms, guests, shown, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await untilAnswered();
    expect(await calendar.deleteEvent(connection, { ...deletion, keys: [booking.key] }, callContext())).toBe(
      'deleted',
    );
    expect(guests()).toEqual([]);
    expect(shown()).toHaveLength(1);
    expect(await busyOf(rooms, connection)).toEqual([]);
  });

  it('keeps the room when the participant leaves, and is deleted with its last use', async () => {
    const { calendar, connection, rooms, guests, shown, untilAnswered } = await setUp();
    await calendar.putEvent(connection, calendarEvent(), callContext());
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    await calendar.deleteEvent(connection, deletion, callContext());
    expect(guests()).toHaveLength(1);
    await calendar.deleteEvent(connection, { ...deletion, keys: [booking.key] }, callContext());
    expect(shown()).toEqual([]);
    expect(await busyOf(rooms, connection)).toEqual([]);
  });

  it('is revived without its former room', async () => {
    const { calendar, connection, guests, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    await calendar.deleteEvent(connection, { ...deletion, keys: [booking.key] }, callContext());
    await calendar.putEvent(connection, calendarEvent({ revision: 2 }), callContext());
    expect(guests()).toEqual([]);
  });

  it('is written once, however often the step is repeated', async () => {
    const { calendar, connection, events, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    const before = JSON.stringify(events());
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    expect(JSON.stringify(events())).toBe(before);
  });
});

describe('the changes of a calendar', () => {
  it.each([0, 1])('contain the answer of the room, with %s other guests', async (others) => {
    const { calendar, client, connection, control, inviteGuest, untilAnswered } = await setUp();
    const { eventId } = await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    if (others > 0) await inviteGuest(eventId);
    const changes = createGoogleChanges(client);
    const list = async () => {
      const found: ListedChange[] = [];
      let position: ListingPosition | undefined = { kind: 'all', since: '2026-11-01T00:00:00.000Z' };
      while (position) {
        const page = await changes.listChanges(connection, 'primary', position, callContext(), nothingStored);
        if (page.kind !== 'page') throw new Error(page.kind);
        // The times of the list come first, and then the event itself.
        found.push(...page.changes.filter(({ isPartial = false }) => !isPartial));
        position = page.nextPage === undefined ? undefined : { ...position, page: page.nextPage };
      }
      return found.map(({ roomAnswer }) => roomAnswer);
    };
    expect(await list()).toEqual(['accepted']);
    control.answerRoom('google', { room: studio, eventId, answer: 'declined' });
    expect(await list()).toEqual(['declined']);
  });
});

describe('the busy times of a room', () => {
  it('are its events, with our ids', async () => {
    const { calendar, connection, control, rooms, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    control.addBusy({ account: studio, start: slot.end, end: '2026-12-01T10:00:00Z' });
    expect(await busyOf(rooms, connection)).toMatchObject([
      { kind: 'event', eventId: calendarEvent().eventId, start: slot.start },
      { kind: 'event', start: slot.end },
    ]);
  });

  it('are merged when the account sees no events of the room', async () => {
    const { connection, control, rooms } = await setUp();
    control.addRoom('google', { email: studio, name: 'Studio 2', shares: 'busy' });
    control.addBusy({ account: studio, start: slot.start, end: slot.end });
    expect(await busyOf(rooms, connection)).toEqual([
      { kind: 'merged', start: slot.start, end: slot.end, busy: 'busy' },
    ]);
  });

  it.each([
    ['is not shared', studio],
    ['does not exist', 'c_none@resource.calendar.google.com'],
  ])('cannot be read of a room that %s', async (_why, email) => {
    const { connection, control, rooms } = await setUp();
    control.addRoom('google', { email: studio, name: 'Studio 2', shares: 'none' });
    await expect(rooms.busyTimes(connection, email, day, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_found' },
    });
  });

  it('cannot be read by an account outside of the organization', async () => {
    const { settings, rooms } = await setUp();
    const outside = openConnectionWith(settings, 'sandbox-refresh-pat@gmail.com');
    await expect(rooms.busyTimes(outside, studio, day, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_found' },
    });
  });
});

describe('the list of rooms', () => {
  it('has the rooms in the list of calendars of the person', async () => {
    const { connection, control, rooms } = await setUp();
    control.addRoom('google', { email: studio, name: 'Studio 2', listedBy: ['casting@example.test'] });
    expect(await rooms.list(connection, [calendarListScope], callContext())).toEqual([
      { email: studio, name: 'Studio 2' },
    ]);
  });

  it('has all rooms of the organization for an administrator', async () => {
    const { connection, rooms } = await setUp({
      google: { preauthorizedScopes: [directoryScope], administrators: ['casting@example.test'] },
    });
    expect(await rooms.list(connection, [directoryScope], callContext())).toMatchObject([
      { email: studio, name: 'Studio 2' },
      { email: attic, name: 'Studio 2' },
    ]);
  });

  it('is that of the person when the account is no administrator', async () => {
    const scopes = [directoryScope, calendarListScope];
    const { connection, control, rooms } = await setUp({ google: { preauthorizedScopes: scopes } });
    control.addRoom('google', { email: attic, name: 'Attic', listedBy: ['casting@example.test'] });
    expect(await rooms.list(connection, scopes, callContext())).toEqual([{ email: attic, name: 'Attic' }]);
    await expect(rooms.list(connection, [directoryScope], callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
    });
  });
});
