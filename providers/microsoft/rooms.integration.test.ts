/** Tests rooms of Microsoft against the sandbox. */
import { describe, expect, it } from 'vitest';
import { roomUser } from '../../domain/audition/room-booking.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { slot } from '../../tests/harness/google-calendar.ts';
import { outlookDeletion, outlookEvent, setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { ListingPosition } from '../ports.ts';
import { createOutlookChanges } from './changes.ts';

const studio = 'studio2@contoso.example';
const attic = 'attic@contoso.example';
const casting = 'casting@contoso.example';
const booking = { name: roomUser, key: 'room:1' };
const bookingOf = (email: string, change: Parameters<typeof outlookEvent>[0] = {}) =>
  outlookEvent({ use: booking, room: { email, name: 'Studio 2' }, location: 'Studio 2', ...change });
const graphTime = (instant: string) => instant.slice(0, -1);

const setUp = async (options: Parameters<typeof setUpOutlookCalendar>[0] = {}) => {
  const bench = await setUpOutlookCalendar(options);
  const { control, calendar } = bench;
  for (const email of [studio, attic]) {
    control.addRoom('microsoft', { email, name: 'Studio 2', building: 'North', capacity: 8 });
  }
  const { rooms } = calendar;
  if (!rooms) throw new Error('Microsoft has rooms');
  const event = () =>
    control
      .state()
      .microsoft.calendars.find(({ owner }) => owner === casting)
      ?.events.find(({ deleted }) => !deleted);
  const untilAnswered = () => expect.poll(() => JSON.stringify(event()?.attendees)).not.toContain('"none"');
  const busy = () => rooms.busyTimes(bench.connection, studio, day, callContext());
  return { ...bench, rooms, event, untilAnswered, busy };
};

const day = { from: '2026-12-01T00:00:00.000Z', until: '2026-12-02T00:00:00.000Z' } as const;

describe('the event that books a room', () => {
  it('has the room as a resource and as its place, and the room accepts when it is free', async () => {
    const { calendar, connection, event, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    expect(event()).toMatchObject({
      attendees: [{ type: 'resource', emailAddress: { address: studio }, status: { response: 'accepted' } }],
      location: { displayName: 'Studio 2', locationUri: studio },
      locations: [{ displayName: 'Studio 2', locationUri: studio, locationEmailAddress: studio }],
    });
  });

  it('is declined by a room that is busy', async () => {
    const { calendar, connection, control, event, untilAnswered } = await setUp();
    control.addOutlookEvent({ account: studio, start: graphTime(slot.start), end: graphTime(slot.end) });
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    expect(event()?.attendees).toMatchObject([{ status: { response: 'declined' } }]);
  });

  it('changes its room and its time', async () => {
    const { calendar, connection, event, busy, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    const moved = { ...slot, start: '2026-12-01T14:00:00.000Z', end: '2026-12-01T14:30:00.000Z' } as const;
    await calendar.putEvent(connection, bookingOf(studio, { slot: moved, revision: 2 }), callContext());
    await untilAnswered();
    expect(await busy()).toMatchObject([{ kind: 'time', start: moved.start, end: moved.end }]);
    await calendar.putEvent(connection, bookingOf(attic, { slot: moved, revision: 3 }), callContext());
    await untilAnswered();
    expect(event()?.attendees).toMatchObject([{ emailAddress: { address: attic } }]);
    expect(await busy()).toEqual([]);
  });

  it('is shared with a participant, and loses only the room when the booking ends', async () => {
    const { calendar, connection, event, busy, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await calendar.putEvent(connection, outlookEvent({ location: 'Studio 2' }), callContext());
    await untilAnswered();
    expect(event()?.attendees).toHaveLength(1);
    await calendar.deleteEvent(connection, { ...outlookDeletion, keys: [booking.key] }, callContext());
    expect(event()?.attendees).toEqual([]);
    expect(await busy()).toEqual([]);
  });

  it('keeps the room when the participant leaves, and is deleted with its last use', async () => {
    const { calendar, connection, event, busy, untilAnswered } = await setUp();
    await calendar.putEvent(connection, outlookEvent(), callContext());
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    await calendar.deleteEvent(connection, outlookDeletion, callContext());
    expect(event()?.attendees).toHaveLength(1);
    await calendar.deleteEvent(connection, { ...outlookDeletion, keys: [booking.key] }, callContext());
    expect(event()).toBeUndefined();
    expect(await busy()).toEqual([]);
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
  it('contain the answer of the room', async () => {
    const { calendar, client, connection, control, event, untilAnswered } = await setUp();
    await calendar.putEvent(connection, bookingOf(studio), callContext());
    await untilAnswered();
    const changes = createOutlookChanges(client, { now: () => Date.parse('2026-12-01T00:00:00.000Z') });
    const position = { kind: 'all', since: '2026-11-30T00:00:00.000Z' } as const;
    const stored = nothingStored;
    const answersOf = async (at: ListingPosition) => {
      const page = await changes.listChanges(connection, 'primary', at, callContext(), stored);
      if (page.kind !== 'page') throw new Error('the cursor has expired');
      return { answers: page.changes.map(({ roomAnswer }) => roomAnswer), cursor: page.nextCursor ?? '' };
    };
    const first = await answersOf(position);
    expect(first.answers).toEqual(['accepted']);
    control.answerRoom('microsoft', {
      room: studio,
      eventId: event()?.immutableId ?? '',
      answer: 'declined',
    });
    expect((await answersOf({ kind: 'changes', cursor: first.cursor })).answers).toEqual(['declined']);
  });
});

describe('the busy times of a room', () => {
  it('tell tentative events from others, and leave out free ones', async () => {
    const { control, busy } = await setUp();
    const at = (hour: string, showAs: 'free' | 'tentative' | 'workingElsewhere' | 'oof') =>
      control.addOutlookEvent({
        account: studio,
        start: `2026-12-01T${hour}:00:00`,
        end: `2026-12-01T${hour}:30:00`,
        showAs,
      });
    at('08', 'free');
    at('09', 'tentative');
    at('10', 'workingElsewhere');
    at('11', 'oof');
    expect(await busy()).toEqual([
      { kind: 'time', start: '2026-12-01T09:00:00.000Z', end: '2026-12-01T09:30:00.000Z', busy: 'tentative' },
      { kind: 'time', start: '2026-12-01T11:00:00.000Z', end: '2026-12-01T11:30:00.000Z', busy: 'busy' },
    ]);
  });

  it('come from the availability view when the account sees no events of the room', async () => {
    const { connection, control, rooms } = await setUp();
    control.addRoom('microsoft', { email: studio, name: 'Studio 2', shares: 'busy' });
    control.addOutlookEvent({ account: studio, start: '2026-12-01T09:05:00', end: '2026-12-01T09:15:00' });
    const window = { from: '2026-12-01T09:00:00.000Z', until: '2026-12-01T09:10:00.000Z' } as const;
    expect(await rooms.busyTimes(connection, studio, window, callContext())).toEqual([
      { kind: 'merged', start: '2026-12-01T09:05:00.000Z', end: '2026-12-01T09:15:00.000Z', busy: 'busy' },
    ]);
  });

  it.each([
    ['is not shared', studio, 'not_permitted'],
    ['does not exist', 'none@contoso.example', 'not_found'],
  ])('cannot be read of a room that %s', async (_why, email, kind) => {
    const { connection, control, rooms } = await setUp();
    control.addRoom('microsoft', { email: studio, name: 'Studio 2', shares: 'none' });
    await expect(rooms.busyTimes(connection, email, day, callContext())).rejects.toMatchObject({
      fault: { kind },
    });
  });
});

describe('the list of rooms', () => {
  it('has all rooms of the tenant, over several pages', async () => {
    const { connection, control, rooms } = await setUp({
      microsoft: { preauthorizedScopes: ['openid', 'Place.Read.All', 'Calendars.ReadWrite'] },
    });
    for (let number = 0; number < 120; number += 1) {
      control.addRoom('microsoft', { email: `room${number}@contoso.example`, name: `Room ${number}` });
    }
    const listed = await rooms.list(connection, rooms.listingScopes, callContext());
    expect(listed).toHaveLength(122);
    expect(listed[0]).toEqual({ email: studio, name: 'Studio 2', building: 'North', capacity: 8 });
  });

  it('is refused without the scope for places, and the calendars stay connected', async () => {
    const { connection, rooms, busy } = await setUp();
    await expect(rooms.list(connection, rooms.listingScopes, callContext())).rejects.toMatchObject({
      fault: { kind: 'not_permitted' },
    });
    expect(await busy()).toEqual([]);
  });
});
