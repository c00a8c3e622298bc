/** Tests what blocks a slot, and what a claim does about it under each conflict policy. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ConflictRules, defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { hour, minute } from '../../domain/time/units.ts';
import {
  fixed,
  person,
  primary,
  slot,
  startOf,
  useSlotClaims,
  window,
} from '../../tests/harness/slot-claims.ts';

const setup = useSlotClaims();

const rules = (change: Partial<ConflictRules> = {}): ConflictRules => ({
  ...defaultConflictRules,
  ...change,
});
const overriding = rules({ policy: 'override' });
const proposing = rules({ policy: 'propose' });
/** Half an hour after the slot. */
const next: Slot = { ...slot, start: '2031-07-01T10:40:00.000Z', end: '2031-07-01T11:10:00.000Z' };
const event = ['2031-07-01T10:15:00.000Z', '2031-07-01T10:45:00.000Z'] as const;

describe('a refusal', () => {
  it('names the participants and the connection of a busy calendar, and no text of the event', async () => {
    const { claim, addBusy } = await setup();
    addBusy(...event, { summary: 'Secret appointment' });
    const ada = person({ calendar: primary });
    expect(await claim({ participants: [ada, person()] })).toEqual({
      kind: 'refused',
      reason: 'busy',
      message: 'The calendar of a participant is busy at that time.',
      conflict: {
        blockers: [
          {
            kind: 'calendar_event',
            start: event[0],
            end: event[1],
            participants: [ada.id],
            connection: 'conn_1',
          },
        ],
      },
    });
  });

  it('names the audition that holds the time, with its participants and its room', async () => {
    const { claim, other } = await setup();
    const [theirs, room] = [other(), `Studio ${randomUUID()}`];
    const ada = person();
    await claim({ auditionId: theirs, participants: [ada], calendars: [], wish: fixed({ ...slot, room }) });
    const again = claim({ participants: [ada, person()], calendars: [], wish: fixed({ ...slot, room }) });
    expect(await again).toMatchObject({
      reason: 'taken',
      conflict: {
        blockers: [
          {
            kind: 'audition',
            audition: theirs,
            participants: [ada.id],
            room: true,
            start: slot.start,
            end: slot.end,
          },
        ],
      },
    });
  });

  it('names whose calendar another audition holds, although its participant has another id', async () => {
    const { claim, other, account } = await setup();
    await claim({ auditionId: other() });
    const carl = person({ calendar: { ...primary, calendarId: account } });
    expect(await claim({ participants: [person(), carl] })).toMatchObject({
      reason: 'taken',
      conflict: { blockers: [{ kind: 'audition', participants: [carl.id], room: false }] },
    });
  });
});

describe('tentative events', () => {
  it('block a slot, unless the rules ignore them', async () => {
    const { claim, addBusy, other } = await setup();
    addBusy(...event, { status: 'tentative' });
    addBusy(...event, { answer: 'needsAction' });
    expect(await claim({ auditionId: other() })).toMatchObject({ kind: 'refused', reason: 'busy' });
    expect(await claim({ rules: rules({ tentative: 'ignore' }) })).toMatchObject({ kind: 'held' });
  });

  it('that are ignored do not hide busy ones', async () => {
    const { claim, addBusy } = await setup();
    addBusy(...event, { status: 'tentative' });
    addBusy('2031-07-01T10:20:00.000Z', '2031-07-01T10:25:00.000Z');
    expect(await claim({ rules: rules({ tentative: 'ignore' }) })).toMatchObject({
      reason: 'busy',
      conflict: { blockers: [{ start: '2031-07-01T10:20:00.000Z' }] },
    });
  });

  it('do not keep a search from a time when they are ignored', async () => {
    const { claim, addBusy, other } = await setup();
    addBusy('2031-07-01T06:00:00.000Z', '2031-07-01T12:00:00.000Z', { answer: 'tentative' });
    const wish = window();
    expect(startOf(await claim({ auditionId: other(), wish }))).toBe('2031-07-01T12:00:00.000Z');
    const ignoring = rules({ tentative: 'ignore' });
    expect(startOf(await claim({ wish, rules: ignoring }))).toBe('2031-07-01T07:00:00.000Z');
  });
});

describe('a buffer', () => {
  const buffered = rules({ buffer: 15 * minute });

  it('to another audition refuses a slot that is too close', async () => {
    const { claim, other, held } = await setup();
    const participants = [person()];
    await claim({ auditionId: other(), participants, calendars: [] });
    const close = { participants, calendars: [], wish: fixed(next), rules: buffered };
    expect(await claim(close)).toMatchObject({
      kind: 'refused',
      reason: 'taken',
      message: 'Another audition is too close to that time.',
    });
    expect(await held()).toEqual([]);
    expect(await claim({ ...close, rules: rules({ buffer: 10 * minute }) })).toMatchObject({ kind: 'held' });
  });

  it('is kept by a search', async () => {
    const { claim, other } = await setup();
    const search = { participants: [person()], calendars: [], wish: window(), rules: buffered };
    await claim({ ...search, auditionId: other() });
    expect(startOf(await claim(search))).toBe('2031-07-01T07:45:00.000Z');
  });

  it('to events of a calendar refuses a slot that is too close, also when they were read before', async () => {
    const { claim, addBusy, other } = await setup();
    const apart = rules({ calendarBuffer: 10 * minute });
    addBusy('2031-07-01T10:39:00.000Z', '2031-07-01T11:00:00.000Z');
    expect(await claim({ rules: apart })).toMatchObject({ reason: 'busy' });
    const busy = [{ start: '2031-07-01T09:00:00.000Z', end: '2031-07-01T09:51:00.000Z' }] as const;
    const read = { auditionId: other(), participants: [person()], calendars: [], busy };
    expect(await claim({ ...read, rules: apart })).toMatchObject({ reason: 'busy' });
    expect(await claim(read)).toMatchObject({ kind: 'held' });
    expect(await claim()).toMatchObject({ kind: 'held' });
  });

  it('to events is kept by a search, at both ends of its window', async () => {
    const { claim, addBusy } = await setup();
    addBusy('2031-07-01T06:00:00.000Z', '2031-07-01T06:50:00.000Z');
    const wish = window({ earliest: '2031-07-01T07:00:00.000Z' });
    const apart = rules({ calendarBuffer: 30 * minute });
    expect(startOf(await claim({ wish, rules: apart }))).toBe('2031-07-01T07:30:00.000Z');
  });
});

describe('a travel time', () => {
  const travelling = rules({ travel: hour });

  it('lies between an audition in person and events of a calendar, not beside one by video', async () => {
    const { claim, addBusy } = await setup();
    addBusy('2031-07-01T11:00:00.000Z', '2031-07-01T12:00:00.000Z');
    const inRoom = fixed({ ...slot, room: `Studio ${randomUUID()}` });
    expect(await claim({ rules: travelling, wish: inRoom })).toMatchObject({ reason: 'busy' });
    expect(await claim({ rules: travelling })).toMatchObject({ kind: 'held' });
  });

  it('lies between auditions in two rooms, not between those in one', async () => {
    const { claim, other } = await setup();
    const room = `Studio ${randomUUID()}`;
    const participants = [person()];
    const inRoom = (at: Slot, name: string) => ({
      participants,
      calendars: [],
      rules: travelling,
      wish: fixed({ ...at, room: name }),
    });
    await claim({ ...inRoom(slot, room), auditionId: other() });
    expect(await claim(inRoom(next, `${room} B`))).toMatchObject({ reason: 'taken' });
    expect(await claim(inRoom(next, room.toUpperCase()))).toMatchObject({ kind: 'held' });
  });
});

describe('a blackout', () => {
  const day = { from: '2031-07-01', until: '2031-07-01' };

  it('of a participant refuses a slot of that day in their zone', async () => {
    const { claim, held } = await setup();
    const ada = person({ blackouts: [day] });
    expect(await claim({ participants: [ada] })).toEqual({
      kind: 'refused',
      reason: 'blackout',
      message: 'That time is in a blackout of the organization or of a participant.',
      conflict: {
        blockers: [
          {
            kind: 'blackout',
            participants: [ada.id],
            start: '2031-06-30T22:00:00.000Z',
            end: '2031-07-01T22:00:00.000Z',
          },
        ],
      },
    });
    expect(await held()).toEqual([]);
  });

  it('of the organization is left out by a search', async () => {
    const { claim } = await setup();
    const closed = rules({ blackouts: [{ ...day, zone: 'Europe/Paris' }] });
    expect(startOf(await claim({ wish: window(), rules: closed }))).toBe('2031-07-02T07:00:00.000Z');
  });
});

describe('the policy propose', () => {
  it('lists the nearest free slots with the refusal', async () => {
    const { claim, other, addBusy, held } = await setup();
    const ada = person({ calendar: primary });
    await claim({ auditionId: other(), participants: [ada] });
    addBusy('2031-07-01T10:30:00.000Z', '2031-07-01T11:00:00.000Z');
    const refused = await claim({ participants: [ada], rules: proposing });
    expect(refused).toMatchObject({
      reason: 'taken',
      conflict: {
        blockers: [{ kind: 'audition' }],
        alternatives: [
          {
            start: '2031-07-01T09:30:00.000Z',
            reason: 'Free, within the working hours of all participants, 30 minutes earlier.',
          },
          { start: '2031-07-01T09:15:00.000Z' },
          { start: '2031-07-01T11:00:00.000Z' },
          { start: '2031-07-01T09:00:00.000Z' },
          { start: '2031-07-01T11:15:00.000Z' },
        ],
      },
    });
    expect(await held()).toEqual([]);
  });

  it('proposes slots that can be claimed', async () => {
    const { claim, addBusy } = await setup();
    addBusy(...event);
    const kept = { ...proposing, buffer: 15 * minute, calendarBuffer: 20 * minute };
    const refused = await claim({ rules: kept });
    const alternatives = refused.kind === 'refused' ? (refused.conflict?.alternatives ?? []) : [];
    expect(alternatives).toHaveLength(5);
    const [best] = alternatives;
    const again =
      best && (await claim({ wish: fixed({ ...slot, start: best.start, end: best.end }), rules: kept }));
    expect(again).toMatchObject({ kind: 'held' });
  });

  it('lists none when the calendars cannot be read for that', async () => {
    const { claim, fault } = await setup();
    fault('google', { kind: 'outage', operation: 'freebusy.query' });
    const participants = [
      person({ calendar: primary, blackouts: [{ from: '2031-07-01', until: '2031-07-01' }] }),
    ];
    expect(await claim({ participants, rules: proposing })).toMatchObject({
      reason: 'blackout',
      conflict: { blockers: [{ kind: 'blackout' }], alternatives: [] },
    });
  });

  it('answers a search that has found nothing with slots outside its window', async () => {
    const { claim } = await setup();
    const evening = window({ earliest: '2031-07-01T19:00:00.000Z', latest: '2031-07-01T21:00:00.000Z' });
    expect(await claim({ wish: evening, rules: proposing })).toMatchObject({
      reason: 'nothing_free',
      conflict: { blockers: [], alternatives: [{ start: '2031-07-01T16:30:00.000Z' }, {}, {}, {}, {}] },
    });
  });
});

describe('the policy wait', () => {
  const hour = window({ earliest: '2031-07-01T07:00:00.000Z', latest: '2031-07-01T08:00:00.000Z' });
  const held: Slot = { ...slot, start: '2031-07-01T07:00:00.000Z', end: '2031-07-01T08:00:00.000Z' };

  it('tells of a search whose free times other auditions hold, and of no other', async () => {
    const { claim, other, addBusy, writeEvent } = await setup();
    const search = { wish: hour, rules: rules({ policy: 'wait' }) };
    const theirs = other();
    await claim({ auditionId: theirs, wish: fixed(held) });
    expect(await claim(search)).toMatchObject({ reason: 'nothing_free', isHeld: true });
    await writeEvent(held, theirs);
    expect(await claim(search)).toMatchObject({ reason: 'nothing_free', isHeld: true });
    expect(await claim({ ...search, rules: rules() })).not.toHaveProperty('isHeld');
    addBusy('2031-07-01T07:15:00.000Z', '2031-07-01T07:45:00.000Z');
    expect(await claim(search)).not.toHaveProperty('isHeld');
  });

  it('tells of a search outside working hours nothing about holds', async () => {
    const { claim, other } = await setup();
    const participants = [person({ calendar: primary, workingHours: { from: '12:00', until: '18:00' } })];
    await claim({ auditionId: other(), wish: fixed(held) });
    expect(await claim({ participants, wish: hour, rules: rules({ policy: 'wait' }) })).not.toHaveProperty(
      'isHeld',
    );
  });
});

describe('the policy override', () => {
  it('books over events, buffers and blackouts, and records them in the trail', async () => {
    const { claim, other, addBusy, factsOf } = await setup();
    const ada = person({ calendar: primary, blackouts: [{ from: '2031-07-01', until: '2031-07-01' }] });
    const theirs = other();
    await claim({ auditionId: theirs, participants: [ada], wish: fixed(next), rules: overriding });
    addBusy(...event);
    const result = await claim({ participants: [ada], rules: { ...overriding, buffer: 15 * minute } });
    const overridden = [
      { kind: 'blackout', participants: [ada.id] },
      { kind: 'audition', audition: theirs, participants: [ada.id], start: next.start },
      { kind: 'calendar_event', participants: [ada.id], start: event[0], end: event[1] },
    ];
    expect(result).toMatchObject({ kind: 'held', slot, overridden });
    expect((await factsOf()).at(-1)).toMatchObject({ type: 'slot_held', slot, overridden });
  });

  it('books over events in a calendar that was read before', async () => {
    const { claim, factsOf } = await setup();
    const busy = [{ start: event[0], end: event[1], connection: 'conn_2' }] as const;
    await claim({ participants: [person()], calendars: [], busy, rules: overriding });
    expect((await factsOf()).at(-1)).toMatchObject({
      type: 'slot_held',
      overridden: [{ kind: 'calendar_event', connection: 'conn_2' }],
    });
  });

  it('never books over the time that another audition holds', async () => {
    const { claim, other, held } = await setup();
    const participants = [person()];
    await claim({ auditionId: other(), participants, calendars: [] });
    const overlapping = fixed({
      ...slot,
      start: '2031-07-01T10:29:00.000Z',
      end: '2031-07-01T10:59:00.000Z',
    });
    expect(await claim({ participants, calendars: [], wish: overlapping, rules: overriding })).toMatchObject({
      kind: 'refused',
      reason: 'taken',
    });
    expect(await held()).toEqual([]);
  });

  it('records nothing for a slot that is free', async () => {
    const { claim, factsOf } = await setup();
    expect(await claim({ rules: overriding })).not.toHaveProperty('overridden');
    expect((await factsOf()).at(-1)).toEqual({ type: 'slot_held', slot, revision: 1 });
  });

  it('makes a search choose free slots only', async () => {
    const { claim, addBusy } = await setup();
    addBusy('2031-07-01T06:00:00.000Z', '2031-07-01T08:00:00.000Z');
    expect(startOf(await claim({ wish: window(), rules: overriding }))).toBe('2031-07-01T08:00:00.000Z');
  });
});

describe('conflicts that were overridden before', () => {
  it('do not block the same slot for another cast, and other events do', async () => {
    const { claim, claimAgain, addBusy } = await setup();
    addBusy(...event);
    const participants = [person({ calendar: primary })];
    const first = await claim({ participants, rules: overriding });
    const accepted = first.kind === 'held' ? first.overridden : [];
    const about = { participants: [...participants, person()], accepted };
    expect(await claimAgain({ ...about, claim: 2 })).toMatchObject({ kind: 'held' });
    addBusy('2031-07-01T10:00:00.000Z', '2031-07-01T10:10:00.000Z');
    expect(await claimAgain({ ...about, claim: 3 })).toMatchObject({
      reason: 'busy',
      conflict: { blockers: [{ start: '2031-07-01T10:00:00.000Z' }] },
    });
  });
});
