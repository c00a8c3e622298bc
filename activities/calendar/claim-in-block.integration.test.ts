/** Tests that the next free slot of a session block is claimed. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultConflictRules } from '../../domain/audition/conflict-rules.ts';
import type { SlotSpec } from '../../domain/audition/slot.ts';
import { type SessionBlockId, sessionBlockIdSchema } from '../../domain/ids.ts';
import {
  type SessionException,
  sessionBlockDefinitionSchema,
} from '../../domain/session-blocks/session-block.ts';
import { hour } from '../../domain/time/units.ts';
import { person, primary, startOf, useSlotClaims } from '../../tests/harness/slot-claims.ts';

const setup = useSlotClaims();

const actor = { by: 'test', role: 'admin', correlationId: 'c' } as const;

/** Tuesdays from 20:00 to 21:00 in Paris, after the default working hours, in a room of this test. */
const prepare = async (changes: object = {}) => {
  const bench = await setup();
  const { sessionBlocks } = bench.repositories;
  const id: SessionBlockId = sessionBlockIdSchema.parse(`blk_${randomUUID()}`);
  const room = `Studio ${randomUUID()}`;
  const definition = sessionBlockDefinitionSchema.parse({
    project: 'prj',
    zone: 'Europe/Paris',
    start: '2031-07-01T20:00',
    end: '2031-07-01T21:00',
    recurrence: { rule: 'FREQ=WEEKLY' },
    room,
    slotMinutes: 15,
    gapMinutes: 5,
    ...changes,
  });
  await sessionBlocks.create({ id, organization: 'org_1', definition }, actor);
  const change = async (what: Parameters<typeof sessionBlocks.change>[1]) => {
    const version = (await sessionBlocks.get('org_1', id))?.version ?? 0;
    await sessionBlocks.change({ organization: 'org_1', id, version }, what, { ...actor, act: 'test' });
  };
  const except = (...exceptions: readonly SessionException[]) => change({ exceptions });
  const wish = (more: Partial<Extract<SlotSpec, { kind: 'window' }>> = {}): SlotSpec => ({
    kind: 'window',
    earliest: '2031-06-30T22:00:00.000Z',
    latest: '2031-07-14T22:00:00.000Z',
    durationMinutes: 15,
    zone: 'Europe/Paris',
    block: id,
    ...more,
  });
  /** Claims for another audition. */
  const claimNext = (more: Parameters<typeof bench.claim>[0] = {}) =>
    bench.claim({
      auditionId: bench.other(),
      participants: [person()],
      calendars: [],
      wish: wish(),
      ...more,
    });
  return { ...bench, id, room, definition, change, except, wish, claimNext };
};

describe('claiming a slot of a session block', () => {
  it('holds the first slot in the room of the session, and records the block', async () => {
    const { claim, wish, id, room, factsOf } = await prepare();
    const slot = {
      start: '2031-07-01T18:00:00.000Z',
      end: '2031-07-01T18:15:00.000Z',
      zone: 'Europe/Paris',
      room,
      block: id,
    };
    expect(await claim({ wish: wish() })).toMatchObject({ kind: 'held', slot });
    expect((await factsOf()).at(-1)).toEqual({ type: 'slot_held', slot, revision: 1 });
  });

  it('books the calendar of the room in its sessions, and is not blocked by it in another room', async () => {
    const { claim, other, wish, room, repositories, sandbox, except } = await prepare();
    const connection = `conn_${randomUUID()}` as const;
    const email = `studio-${randomUUID()}@resource.calendar.google.com`;
    sandbox.control.addRoom('google', { email, name: room });
    await repositories.connections.put({
      id: connection,
      organization: 'org_1',
      provider: 'google',
      account: `office-${randomUUID()}@contoso.example`,
      refreshToken: `sandbox-refresh-office-${randomUUID()}`,
    });
    const roomCalendar = { provider: 'google', connection, email } as const;
    sandbox.control.addBusy({
      account: email,
      start: '2031-07-01T18:00:00.000Z',
      end: '2031-07-01T18:20:00.000Z',
    });
    const calendars = [{ provider: 'google', connection, calendarId: email, isRoom: true }] as const;
    const inRoom = { participants: [person()], calendars, wish: wish({ room, roomCalendar }) };
    expect(await claim(inRoom)).toMatchObject({
      kind: 'held',
      slot: { start: '2031-07-01T18:20:00.000Z', room, roomCalendar },
    });
    const elsewhere = `Studio ${randomUUID()}`;
    await except({
      at: '2031-07-01T20:00',
      change: { start: '2031-07-01T20:00', end: '2031-07-01T21:00', room: elsewhere },
    });
    const moved = await claim({ ...inRoom, participants: [person()], auditionId: other() });
    expect(moved).toMatchObject({
      kind: 'held',
      slot: { start: '2031-07-01T18:00:00.000Z', room: elsewhere },
    });
    expect(moved.kind === 'held' && moved.slot.roomCalendar).toBeUndefined();
  });

  it('takes one slot after the other, and then those of the next session', async () => {
    const { claimNext } = await prepare();
    const starts = [];
    for (let count = 0; count < 4; count += 1) starts.push(startOf(await claimNext()));
    expect(starts).toEqual([
      '2031-07-01T18:00:00.000Z',
      '2031-07-01T18:20:00.000Z',
      '2031-07-01T18:40:00.000Z',
      '2031-07-08T18:00:00.000Z',
    ]);
  });

  it('gives simultaneous auditions different slots', async () => {
    const { claimNext } = await prepare();
    const results = await Promise.all([1, 2, 3, 4].map(() => claimNext()));
    expect(new Set(results.map(startOf))).toEqual(
      new Set([
        '2031-07-01T18:00:00.000Z',
        '2031-07-01T18:20:00.000Z',
        '2031-07-01T18:40:00.000Z',
        '2031-07-08T18:00:00.000Z',
      ]),
    );
  });

  it('proposes slots of its sessions only', async () => {
    const { claim, wish, addBusy, other, claimNext, room, id } = await prepare();
    const rules = {
      policy: 'propose',
      waitFor: 0,
      tentative: 'block',
      buffer: 0,
      calendarBuffer: 0,
      travel: 0,
      blackouts: [],
    } as const;
    const startsOf = (result: Awaited<ReturnType<typeof claim>>) =>
      result.kind === 'refused'
        ? result.conflict?.alternatives?.map(({ start }) => start).sort()
        : result.kind;
    await claimNext();
    addBusy('2031-07-01T18:00:00.000Z', '2031-07-01T18:35:00.000Z');
    const latest = '2031-07-01T18:30:00.000Z';
    // Within a week of the wish.
    const sessionSlots = ['2031-07-01T18:40:00.000Z', '2031-07-08T18:00:00.000Z'];
    expect(startsOf(await claim({ wish: wish({ latest }), rules }))).toEqual(sessionSlots);
    const slot = {
      start: '2031-07-01T18:20:00.000Z',
      end: '2031-07-01T18:35:00.000Z',
      zone: 'Europe/Paris',
      room,
      block: id,
    } as const;
    const fixed = await claim({ auditionId: other(), wish: { kind: 'fixed', slot }, rules });
    expect(startsOf(fixed)).toEqual([...sessionSlots, '2031-07-08T18:20:00.000Z']);
  });

  it('leaves out slots that overlap an event of a calendar, or are too close to it', async () => {
    const { claim, wish, addBusy } = await prepare();
    addBusy('2031-07-01T18:10:00.000Z', '2031-07-01T18:12:00.000Z');
    const rules = {
      policy: 'refuse',
      waitFor: 0,
      tentative: 'block',
      buffer: 0,
      calendarBuffer: 10 * 60_000,
      travel: 0,
      blackouts: [],
    } as const;
    expect(startOf(await claim({ wish: wish(), rules }))).toBe('2031-07-01T18:40:00.000Z');
  });

  it('keeps no gap to the event of another audition in the block', async () => {
    const { claim, wish, other, writeEvent } = await prepare({ gapMinutes: 0 });
    const participants = [person({ calendar: primary })];
    const rules = { ...defaultConflictRules, travel: hour / 2 };
    const theirs = other();
    const first = await claim({ auditionId: theirs, wish: wish(), participants, rules });
    if (first.kind !== 'held') throw new Error('the first slot is free');
    await writeEvent(first.slot, theirs);
    expect(startOf(await claim({ wish: wish(), participants, rules }))).toBe('2031-07-01T18:15:00.000Z');
  });

  it('keeps to the working hours and quiet hours that a participant has set', async () => {
    const { claimNext } = await prepare({ end: '2031-07-02T04:00' });
    const workingHours = { from: '21:05', until: '23:00' };
    expect(startOf(await claimNext({ participants: [person({ workingHours })] }))).toBe(
      '2031-07-01T19:20:00.000Z',
    );
    const quietHours = { from: '19:00', until: '22:00' };
    expect(startOf(await claimNext({ participants: [person({ quietHours })] }))).toBe(
      '2031-07-01T20:00:00.000Z',
    );
  });

  it('follows sessions that were moved, cancelled, or given another room', async () => {
    const { claimNext, except } = await prepare();
    const elsewhere = `Studio ${randomUUID()}`;
    await except(
      { at: '2031-07-01T20:00', change: { status: 'cancelled' } },
      {
        at: '2031-07-08T20:00',
        change: { start: '2031-07-09T10:00', end: '2031-07-09T11:00', room: elsewhere },
      },
    );
    expect(await claimNext()).toMatchObject({
      slot: { start: '2031-07-09T08:00:00.000Z', room: elsewhere },
    });
  });

  it('finds a slot in one room while another audition holds the other room', async () => {
    const { claimNext, except, room } = await prepare({ end: '2031-07-01T20:15' });
    const elsewhere = `Studio ${randomUUID()}`;
    await except({
      at: '2031-07-08T20:00',
      change: { start: '2031-07-01T20:00', end: '2031-07-01T20:15', room: elsewhere },
    });
    const rooms = [await claimNext(), await claimNext()].map((result) =>
      result.kind === 'held' ? result.slot.room : result,
    );
    expect(new Set(rooms)).toEqual(new Set([room, elsewhere]));
    expect(await claimNext()).toMatchObject({ kind: 'refused', reason: 'nothing_free' });
  });

  it('keeps the calendar of the room only in that room', async () => {
    const { claimAgain, wish, except, room } = await prepare();
    const roomCalendar = {
      provider: 'google',
      connection: 'conn_1',
      email: 'c_1@resource.calendar.google.com',
    } as const;
    const move = async (claim: number) => {
      const result = await claimAgain({
        claim,
        wish: wish({ room, roomCalendar }),
        participants: [person()],
        calendars: [],
      });
      return result.kind === 'held' ? result.slot : result;
    };
    expect(await move(2)).toMatchObject({ room, roomCalendar });
    const elsewhere = `Studio ${randomUUID()}`;
    await except({
      at: '2031-07-01T20:00',
      change: { start: '2031-07-01T20:00', end: '2031-07-01T21:00', room: elsewhere },
    });
    const moved = await move(3);
    expect(moved).toMatchObject({ start: '2031-07-01T18:00:00.000Z', room: elsewhere });
    expect(moved).not.toHaveProperty('roomCalendar');
  });

  it('returns the same slot when it is repeated', async () => {
    const { claim, wish, held } = await prepare();
    const participants = [person()];
    const again = () => claim({ wish: wish(), participants });
    const first = await again();
    expect(first).toMatchObject({ kind: 'held' });
    expect(await again()).toEqual(first);
    expect(await held()).toHaveLength(1);
  });

  it('is refused when no slot is free, the block is cancelled, or there is no such block', async () => {
    const { claimNext, change, wish, held } = await prepare({ recurrence: undefined });
    for (let count = 0; count < 3; count += 1) await claimNext();
    const nothingFree = { kind: 'refused', reason: 'nothing_free' };
    expect(await claimNext()).toMatchObject(nothingFree);
    expect(await claimNext({ wish: wish({ block: 'blk_unknown' }) })).toMatchObject(nothingFree);
    await change({ isCancelled: true });
    expect(await claimNext()).toMatchObject({
      ...nothingFree,
      message: 'No slot of the session block is free for all participants in the window.',
    });
    expect(await held()).toEqual([]);
  });

  it('gives up the slot of an earlier attempt that the changed block does not have any more', async () => {
    const { claimAgain, wish, except, held } = await prepare();
    const move = async () =>
      startOf(await claimAgain({ wish: wish(), participants: [person()], calendars: [] }));
    expect(await move()).toBe('2031-07-01T18:00:00.000Z');
    await except({ at: '2031-07-01T20:00', change: { status: 'cancelled' } });
    expect(await move()).toBe('2031-07-08T18:00:00.000Z');
    expect(await held()).toMatchObject([{ start: '2031-07-08T18:00:00.000Z' }]);
  });
});
