import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { CalendarRef } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { hour } from '../../domain/time/units.ts';
import { numbered, requested, trail } from '../../tests/harness/audition-trail.ts';
import {
  fixed,
  person,
  primary,
  slot,
  startOf,
  useSlotClaims,
  window,
  withGoogleCalendar,
} from '../../tests/harness/slot-claims.ts';

const setup = useSlotClaims();

describe('claiming a fixed slot', () => {
  it('holds it, records it in the trail and plans the reminders', async () => {
    const { claim, factsOf, held } = await setup();
    const ada = person({ calendar: primary });
    expect(await claim({ participants: [ada] })).toEqual({
      kind: 'held',
      slot,
      reminders: [{ at: '2031-07-01T09:00:00.000Z', offsetMs: hour, participants: [ada.id] }],
    });
    expect(await held()).toMatchObject([{ claim: 1, start: slot.start, end: slot.end }]);
    expect((await factsOf()).at(-1)).toEqual({ type: 'slot_held', slot, revision: 1 });
  });

  it('returns the same result when it is repeated, also after the calendar became busy', async () => {
    const { claim, factsOf, addBusy } = await setup();
    const participants = [person({ calendar: primary })];
    const first = await claim({ participants });
    addBusy(slot.start, slot.end);
    expect(await claim({ participants })).toEqual(first);
    expect(await factsOf()).toHaveLength(3);
  });

  const later = { ...slot, start: '2031-07-01T14:00:00.000Z', end: '2031-07-01T14:30:00.000Z' } as const;
  it.each([
    ['another cast', { participants: [person(), person()] }],
    ['another time', { wish: fixed(later) }],
    ['a window', { wish: window({ earliest: later.start, latest: later.end }) }],
  ])('holds what is wanted now when a run before a reset claimed %s under its number', async (_, before) => {
    const { claim, claimAgain, held, repositories, auditionId } = await setup();
    const ada = person();
    const wanted = { participants: [ada], calendars: [], wish: fixed({ ...slot, room: randomUUID() }) };
    await claim({ participants: [ada], calendars: [] });
    await claimAgain({ ...wanted, ...before });
    expect(await claimAgain(wanted)).toMatchObject({ kind: 'held', slot });
    expect(await held()).toMatchObject([{ claim: 1 }, { claim: 2, start: slot.start, end: slot.end }]);
    expect(await repositories.holds.resourcesOf(auditionId, 2)).toEqual(
      expect.arrayContaining([`participant:${ada.id}`]),
    );
    expect(await repositories.holds.resourcesOf(auditionId, 2)).toHaveLength(2);
  });

  it('is refused as busy when an event overlaps it, and holds nothing', async () => {
    const { claim, factsOf, held, addBusy } = await setup();
    addBusy('2031-07-01T10:29:00.000Z', '2031-07-01T11:00:00.000Z');
    expect(await claim()).toMatchObject({
      kind: 'refused',
      reason: 'busy',
      message: 'The calendar of a participant is busy at that time.',
    });
    expect(await held()).toEqual([]);
    expect(await factsOf()).toHaveLength(2);
  });

  it('is refused as busy for busy times that were read before', async () => {
    const { claim, held } = await setup();
    const busy = [{ start: '2031-07-01T10:15:00.000Z', end: '2031-07-01T10:45:00.000Z' }] as const;
    expect(await claim({ busy, calendars: [] })).toMatchObject({ kind: 'refused', reason: 'busy' });
    expect(await held()).toEqual([]);
  });

  it('needs no calendar', async () => {
    const { claim, factsOf } = await setup();
    expect(await claim({ participants: [person()], calendars: [] })).toMatchObject({ kind: 'held', slot });
    expect((await factsOf()).at(-1)).toMatchObject({ type: 'slot_held' });
  });

  it('is refused when the room is taken, in any spelling', async () => {
    const { claim, other } = await setup();
    const room = `Studio ${randomUUID()}`;
    const others = { participants: [person()], calendars: [] };
    await claim({ ...others, auditionId: other(), wish: fixed({ ...slot, room }) });
    const again = fixed({ ...slot, room: ` ${room.toUpperCase()} ` });
    expect(await claim({ ...others, participants: [person()], wish: again })).toMatchObject({
      kind: 'refused',
      reason: 'taken',
    });
  });

  it('lets one of two simultaneous auditions have a calendar that both name', async () => {
    const { claim, other, account } = await setup();
    const claimOf = (calendar: CalendarRef) =>
      claim({ auditionId: other(), participants: [person({ calendar })], calendars: [calendar] });
    const results = await Promise.all([primary, { ...primary, calendarId: account }].map(claimOf));
    expect(results.map(({ kind }) => kind).sort()).toEqual(['held', 'refused']);
    // The sandbox does not know this name, so it cannot be the one that wins.
    expect(await claimOf({ ...primary, calendarId: account.toUpperCase() })).toMatchObject({
      kind: 'refused',
      reason: 'taken',
    });
  });

  it('is refused when an audition of another organization holds the calendar', async () => {
    const { claim, other, repositories, account } = await setup();
    await repositories.connections.put({
      id: 'conn_2',
      organization: 'org_2',
      provider: 'google',
      account: 'agency@example.com',
      refreshToken: 'sandbox-refresh-agency@example.com',
    });
    const shared: CalendarRef = { provider: 'google', connection: 'conn_2', calendarId: account };
    const theirs = other();
    const theirTrail = numbered(trail([requested(theirs, 'org_2'), { type: 'holding_started' }]));
    await claim({
      organization: 'org_2',
      auditionId: theirs,
      trail: theirTrail,
      participants: [person({ calendar: shared })],
      calendars: [],
    });
    expect(await claim()).toMatchObject({ kind: 'refused', reason: 'taken' });
  });

  it('is refused when it has begun', async () => {
    const { claim } = await setup();
    const past = fixed({ start: '2020-01-01T00:00:00.000Z', end: '2020-01-01T01:00:00.000Z', zone: 'UTC' });
    expect(await claim({ wish: past })).toMatchObject({ kind: 'refused', reason: 'in_the_past' });
  });

  it('reports calendars that cannot be read, with the busy times of the others, and keeps the slot', async () => {
    const { claim, held, addBusy } = await setup();
    addBusy('2031-07-01T10:15:00.000Z', '2031-07-01T10:20:00.000Z');
    const gone: CalendarRef = { ...primary, connection: 'conn_gone' };
    const before = { start: '2031-07-01T09:00:00.000Z', end: '2031-07-01T09:30:00.000Z' } as const;
    expect(await claim({ calendars: [primary, gone], busy: [before] })).toEqual({
      kind: 'unreadable',
      failures: [
        {
          connection: 'conn_gone',
          failure: { code: 'reconnect', provider: 'google', connection: 'conn_gone' },
        },
      ],
      busy: [
        before,
        { start: '2031-07-01T10:15:00.000Z', end: '2031-07-01T10:20:00.000Z', connection: 'conn_1' },
      ],
    });
    expect(await held()).toHaveLength(1);
  });

  it('fails without an effect when the trail has facts of another run', async () => {
    const { claim, held, repositories, auditionId, about } = await setup();
    await repositories.events.append({ auditionId, run: 'another run', position: about.trail });
    await expect(claim()).rejects.toMatchObject({ type: 'trail_ahead', nonRetryable: true });
    expect(await held()).toEqual([]);
  });

  it('fails when the claim was released', async () => {
    const { claimAgain, repositories, auditionId, about } = await setup();
    await claimAgain();
    const call = { auditionId, run: '00000000-0000-0000-0000-000000000000', position: about.trail };
    await repositories.events.append(call, { releaseHolds: { through: 2 } });
    await expect(claimAgain()).rejects.toMatchObject({ type: 'Compensated', nonRetryable: true });
  });
});

describe('moving to a slot that overlaps the old one', () => {
  const overlapping: Slot = { ...slot, start: '2031-07-01T10:15:00.000Z', end: '2031-07-01T10:45:00.000Z' };

  it('does not see the own event as a conflict', async () => {
    const { writeEvent, claimAgain } = await setup();
    await writeEvent(slot);
    expect(await claimAgain({ wish: fixed(overlapping) })).toMatchObject({ kind: 'held', slot: overlapping });
  });

  it('is refused for an event of the participant inside the old slot', async () => {
    const { writeEvent, claimAgain, addBusy, held } = await setup();
    await writeEvent(slot);
    addBusy('2031-07-01T10:20:00.000Z', '2031-07-01T10:30:00.000Z');
    expect(await claimAgain({ wish: fixed(overlapping) })).toMatchObject({ kind: 'refused', reason: 'busy' });
    expect(await held()).toEqual([]);
  });

  it('keeps the hold of the old slot', async () => {
    const { claim, claimAgain, about, held } = await setup();
    const participants = [person({ calendar: primary })];
    await claim({ trail: about.trail, heldAs: undefined, participants });
    await claimAgain({ wish: fixed(overlapping), participants });
    expect((await held()).map((hold) => hold.claim)).toEqual([1, 2]);
  });
});

describe('the events of our other auditions', () => {
  it('are no conflict in a time that the audition has released', async () => {
    const { claim, other, writeEvent, repositories } = await setup();
    const theirs = other();
    await claim({ auditionId: theirs });
    await writeEvent(slot, theirs);
    await repositories.holds.releaseAll(theirs);
    expect(await claim()).toMatchObject({ kind: 'held' });
  });

  it('are no conflict when the audition yields its hold', async () => {
    const { claim, other, writeEvent, repositories, held, toldSlotTaken } = await setup();
    const theirs = other();
    await claim({ auditionId: theirs });
    await writeEvent(slot, theirs);
    const call = {
      auditionId: theirs,
      run: '00000000-0000-0000-0000-000000000000',
      position: { facts: [], number: 3 },
    };
    await repositories.events.append(call, { yieldHolds: true });
    expect(await claim()).toMatchObject({ kind: 'held' });
    expect(await held(theirs)).toEqual([]);
    expect(toldSlotTaken).toEqual([theirs]);
  });

  it('keep no search from a time that the audition has released', async () => {
    const { claim, other, writeEvent, repositories, addBusy } = await setup();
    const theirs = other();
    await claim({ auditionId: theirs });
    await writeEvent(slot, theirs);
    await repositories.holds.releaseAll(theirs);
    addBusy('2031-07-01T06:00:00.000Z', slot.start);
    expect(startOf(await claim({ wish: window() }))).toBe(slot.start);
  });

  it('keep no proposal from a time that the audition has released', async () => {
    const { claim, other, writeEvent, repositories, addBusy } = await setup();
    const theirs = other();
    const late = {
      ...slot,
      start: '2031-07-01T10:30:00.000Z',
      end: '2031-07-01T11:00:00.000Z',
    } as const;
    await claim({ auditionId: theirs, wish: fixed(late) });
    await writeEvent(late, theirs);
    await repositories.holds.releaseAll(theirs);
    addBusy(slot.start, slot.end);
    const rules = { ...defaultConflictRules, policy: 'propose' } as const;
    expect(await claim({ rules })).toMatchObject({
      conflict: { alternatives: [{ start: late.start }, {}, {}, {}, {}] },
    });
  });

  it('are read only when they can change which slot is chosen', async () => {
    const { claim, other, addBusy, state } = await setup();
    addBusy('2031-07-02T10:00:00.000Z', '2031-07-02T11:00:00.000Z');
    expect(startOf(await claim({ wish: window() }))).toBe('2031-07-01T07:00:00.000Z');
    expect(state().calls.google['events.list']).toBeUndefined();
    addBusy('2031-07-01T07:00:00.000Z', '2031-07-01T08:30:00.000Z');
    expect(startOf(await claim({ auditionId: other(), wish: window() }))).toBe('2031-07-01T08:30:00.000Z');
    expect(state().calls.google['events.list']).toEqual({ 200: 1 });
  });

  it('leave a search with the busy times when they cannot be read', async () => {
    const { claim, addBusy, fault } = await setup();
    addBusy('2031-07-01T07:00:00.000Z', '2031-07-01T08:30:00.000Z');
    fault('google', { kind: 'outage', operation: 'events.list' });
    expect(startOf(await claim({ wish: window() }))).toBe('2031-07-01T08:30:00.000Z');
  });

  it('are a conflict while the audition holds the time', async () => {
    const { claim, other, writeEvent } = await setup();
    const theirs = other();
    await claim({ auditionId: theirs });
    await writeEvent(slot, theirs);
    expect(await claim()).toMatchObject({ kind: 'refused', reason: 'taken' });
  });

  it('are a conflict when this service does not know the audition', async () => {
    const { claim, other, writeEvent } = await setup();
    await writeEvent(slot, other());
    expect(await claim()).toMatchObject({ kind: 'refused', reason: 'busy' });
  });
});

describe('claiming a slot in a window', () => {
  it('chooses the first time within the working hours, not the first free time', async () => {
    const { claim, factsOf } = await setup();
    const result = await claim({ wish: window() });
    expect(startOf(result)).toBe('2031-07-01T07:00:00.000Z');
    expect((await factsOf()).at(-1)).toMatchObject({
      type: 'slot_held',
      slot: { start: '2031-07-01T07:00:00.000Z', end: '2031-07-01T07:30:00.000Z', zone: 'Europe/Paris' },
    });
  });

  it('searches a whole week', async () => {
    const { claim, addBusy } = await setup();
    addBusy('2031-07-01T00:00:00.000Z', '2031-07-06T12:00:00.000Z');
    expect(startOf(await claim({ wish: window() }))).toBe('2031-07-06T12:00:00.000Z');
  });

  it('respects the working hours and the quiet hours of each participant in their zone', async () => {
    const { claim } = await setup();
    const participants = [
      person({ zone: 'America/New_York', workingHours: { from: '08:00', until: '16:00' } }),
      person({ zone: 'Asia/Tokyo', workingHours: { from: '20:00', until: '23:59' } }),
      person({ quietHours: { from: '12:00', until: '14:00' } }),
    ];
    // 08:00 in New York and 21:00 in Tokyo is 14:00 in Paris.
    expect(startOf(await claim({ wish: window(), participants, calendars: [] }))).toBe(
      '2031-07-01T12:00:00.000Z',
    );
  });

  it.each([
    // On 30 March 2031 the clock goes from 02:00 to 03:00 in Paris: 02:30 to 03:30 is half an hour.
    ['a DST gap', { from: '01:30', until: '03:30' }, '2031-03-29T23:00', '2031-03-30T00:30'],
    // On 26 October 2031 the clock goes from 03:00 back to 02:00: the hours are an hour longer.
    ['a DST overlap', { from: '01:30', until: '03:30' }, '2031-10-25T22:00', '2031-10-25T23:30'],
  ])('finds the working hours across %s', async (_name, workingHours, earliest, expected) => {
    const { claim } = await setup();
    const participants = [person({ workingHours })];
    const wish = window({
      earliest: `${earliest}:00.000Z`,
      latest: `${earliest.slice(0, 8)}${Number(earliest.slice(8, 10)) + 1}T12:00:00.000Z`,
      durationMinutes: 60,
    });
    expect(startOf(await claim({ wish, participants, calendars: [] }))).toBe(`${expected}:00.000Z`);
  });

  it('refuses a slot longer than the working hours of a day with a DST gap', async () => {
    const { claim } = await setup();
    const participants = [person({ workingHours: { from: '01:30', until: '03:30' } })];
    const wish = window({
      earliest: '2031-03-29T23:00:00.000Z',
      latest: '2031-03-30T12:00:00.000Z',
      durationMinutes: 90,
    });
    expect(await claim({ wish, participants, calendars: [] })).toMatchObject({ reason: 'nothing_free' });
  });

  it('leaves out times that other auditions hold', async () => {
    const { claim, other } = await setup();
    const participants = [person()];
    const wish = window();
    await claim({ auditionId: other(), wish, participants, calendars: [] });
    expect(startOf(await claim({ wish, participants, calendars: [] }))).toBe('2031-07-01T07:30:00.000Z');
  });

  it('gives simultaneous auditions different slots', async () => {
    const { claim, other } = await setup();
    const participants = [person()];
    const results = await Promise.all(
      Array.from({ length: 6 }, () =>
        claim({ auditionId: other(), wish: window(), participants, calendars: [] }),
      ),
    );
    expect(new Set(results.map(startOf)).size).toBe(6);
  });

  it('is refused when no time is within the working hours', async () => {
    const { claim, held } = await setup();
    const wish = window({ latest: '2031-07-01T07:15:00.000Z' });
    expect(await claim({ wish })).toMatchObject({ kind: 'refused', reason: 'nothing_free' });
    expect(await held()).toEqual([]);
  });

  it('is refused when the window has passed', async () => {
    const { claim } = await setup();
    const wish = window({ earliest: '2020-01-01T00:00:00.000Z', latest: '2020-01-02T00:00:00.000Z' });
    expect(await claim({ wish })).toMatchObject({ kind: 'refused', reason: 'in_the_past' });
  });

  it('takes the next slot when an event appears between the search and the claim', async () => {
    let searches = 0;
    const wrapProviders = withGoogleCalendar((google) => ({
      freeBusy: async (...query) => {
        const busy = await google.freeBusy(...query);
        searches += 1;
        if (searches === 1) bench.addBusy('2031-07-01T07:00:00.000Z', '2031-07-01T08:00:00.000Z');
        return busy;
      },
    }));
    const bench = await setup({ wrapProviders });
    expect(startOf(await bench.claim({ wish: window() }))).toBe('2031-07-01T08:00:00.000Z');
    expect(await bench.held()).toMatchObject([{ start: '2031-07-01T08:00:00.000Z' }]);
  });

  it('returns the slot of an earlier attempt when its answer was lost', async () => {
    const { claimAgain, addBusy, held } = await setup();
    const participants = [person({ calendar: primary })];
    const first = await claimAgain({ wish: window(), participants });
    expect(await claimAgain({ wish: window(), participants })).toEqual(first);
    addBusy('2031-07-01T07:00:00.000Z', '2031-07-01T08:00:00.000Z');
    expect(startOf(await claimAgain({ wish: window(), participants }))).toBe('2031-07-01T08:00:00.000Z');
    expect(await held()).toHaveLength(1);
  });

  it('reports calendars that cannot be read', async () => {
    const { claim, fault, held } = await setup();
    fault('google', { kind: 'outage', operation: 'freebusy.query' });
    expect(await claim({ wish: window() })).toEqual({
      kind: 'unreadable',
      failures: [{ connection: 'conn_1', failure: { code: 'outage', provider: 'google' } }],
      busy: [],
    });
    expect(await held()).toEqual([]);
  });

  it('claims with the busy times of a calendar that was read alone', async () => {
    const { claim } = await setup();
    const busy = [{ start: '2031-07-01T07:00:00.000Z', end: '2031-07-01T07:30:00.000Z' }] as const;
    expect(startOf(await claim({ wish: window(), calendars: [], busy }))).toBe('2031-07-01T07:30:00.000Z');
  });
});
