/** Tests that events that appear after the booking are judged by the rules of the claim. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultConflictRules, type EventRules } from '../../domain/audition/conflict-rules.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { day, minute } from '../../domain/time/units.ts';
import { ada, later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';

const setUpSync = useCalendarSync();

const inStudio: Slot = { ...slot, room: 'Studio 1' };
/** Five minutes after the slot. */
const soon = ['2031-07-01T10:35:00.000Z', '2031-07-01T11:00:00.000Z'] as const;

/** Sets up a booked slot. @param rules of the audition, besides the defaults */
const setup = async (rules: Partial<EventRules> | undefined, at: Slot = slot) => {
  const bench = await setUpSync();
  const { repositories, auditionId, write, sync, sandbox, account } = bench;
  if (rules) {
    await repositories.participantConflicts.setRules(auditionId, [ada], {
      ...defaultConflictRules,
      ...rules,
    });
  }
  await write(1, at);
  await sync();
  const addTentative = (start: string, end: string) =>
    sandbox.control.addBusy({ account, start, end, status: 'tentative' }).eventId;
  return { ...bench, addTentative };
};

describe('an event that is put near a booked slot', () => {
  it('conflicts when it is closer than the buffer, until it is moved away', async () => {
    const { sync, person, sent, kinds } = await setup({ calendarBuffer: 10 * minute });
    const id = person.add(...soon);
    await sync();
    await sync();
    expect(sent).toMatchObject([{ change: { change: { kind: 'conflict', start: soon[0], end: soon[1] } } }]);
    await person.moveOther(id, '2031-07-01T10:40:00.000Z', soon[1]);
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
  });

  it('conflicts within the travel time when the audition takes place in person', async () => {
    const { sync, person, kinds } = await setup({ travel: 10 * minute }, inStudio);
    person.add(...soon);
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it.each([
    ['the travel time, when the audition takes place by video', { travel: 10 * minute }, slot],
    ['no buffer', {}, inStudio],
    ['no stored rules', undefined, inStudio],
  ] as const)('does not conflict with %s', async (_what, rules, at) => {
    const { sync, person, sent } = await setup(rules, at);
    person.add(...soon);
    await sync();
    expect(sent).toEqual([]);
  });

  it('conflicts with a slot that has moved to a room', async () => {
    const { sync, person, write, sent } = await setup({ travel: 10 * minute });
    person.add(...soon);
    await sync();
    await write(2, inStudio);
    await sync();
    expect(sent.map(({ change }) => [change.revision, change.change.kind])).toEqual([[2, 'conflict']]);
  });
});

describe('a tentative event in the time of a booked slot', () => {
  it.each([
    ['ignore', 'block', []],
    ['block', 'ignore', ['conflict']],
  ] as const)(
    'counts as the audition says: %s, although the organization says %s',
    async (tentative, organizations, expected) => {
      const { sync, addTentative, kinds, repositories } = await setup({ tentative });
      await repositories.organizations.setConflicts('org_1', { tentative: organizations });
      addTentative(slot.start, slot.end);
      await sync();
      expect(kinds()).toEqual(expected);
    },
  );
});

describe('a conflict in the calendar of another connection', () => {
  it('names the connection of the event, by which an overridden conflict is recognized', async () => {
    const { sync, repositories, auditionId, sandbox, sent, write } = await setup({});
    const other = `conn_${randomUUID()}` as const;
    const account = `${randomUUID()}@example.com`;
    const about = { organization: 'org_1', provider: 'google' } as const;
    const refreshToken = `sandbox-refresh-${account}`;
    await repositories.connections.put({ ...about, id: other, account, refreshToken });
    const family = { participant: ada, connection: other, calendarId: 'primary' } as const;
    await repositories.busyCalendars.replace({ organization: 'org_1', auditionId }, [
      { ...family, provider: 'google', calendarName: `google/${account}` },
    ]);
    await connectToSandbox(sandbox.url, account).calendar.events.insert({
      calendarId: 'primary',
      requestBody: { start: { dateTime: slot.start }, end: { dateTime: slot.end } },
    });
    const conflict = { kind: 'conflict', start: slot.start, end: slot.end };
    await sync({ connection: other });
    expect(sent.map(({ change }) => change)).toMatchObject([{ connection: other, change: conflict }]);
    expect(sent[0]?.change.change).toEqual(conflict);
    await write(2, slot);
    await sync();
    expect(sent[1]?.change.change).toEqual({ ...conflict, connection: other, provider: 'google' });
  });
});

describe('an audition whose move was not written to the calendar', () => {
  // Relative to the clock: this test is also run on other days, with another clock.
  const monthAgo = Date.now() - 30 * day;
  const past: Slot = { ...slot, start: toInstant(monthAgo), end: toInstant(monthAgo + 30 * minute) };
  const moved = { type: 'slot_moved', slot: later, revision: 2, origin: 'api' } as const;
  const inLater = ['2031-07-01T12:05:00.000Z', '2031-07-01T12:25:00.000Z'] as const;

  it.each([
    ['is ahead', slot],
    ['has passed', past],
  ])('is compared with its present slot, also when the written one %s', async (_when, written) => {
    const { sync, person, sent, record } = await setup({}, written);
    await record(moved, { type: 'scheduled' });
    const conflicts = () => sent.filter(({ change }) => change.change.kind === 'conflict');
    person.add(written.start, written.end);
    await sync();
    expect(conflicts()).toEqual([]);
    person.add(...inLater);
    await sync();
    expect(conflicts()).toMatchObject([
      { change: { revision: 2, change: { kind: 'conflict', start: inLater[0] } } },
    ]);
  });

  it('is not compared while it moves', async () => {
    const { sync, person, kinds, record, write } = await setup({});
    await record(moved);
    person.add(slot.start, slot.end);
    person.add(...inLater);
    await sync();
    expect(kinds()).toEqual([]);
    await write(2, later);
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });

  it('is compared with the written slot, when the audition has not recorded the move yet', async () => {
    const { sync, person, sent, record, write } = await setup({});
    await record({ type: 'confirmed' });
    await write(2, later);
    person.add(...inLater);
    await sync();
    expect(sent).toMatchObject([{ change: { revision: 2, change: { kind: 'conflict' } } }]);
  });

  it('says whether its present slot takes place in a room', async () => {
    const { sync, person, kinds, record } = await setup({ travel: 10 * minute });
    person.add('2031-07-01T12:35:00.000Z', '2031-07-01T13:00:00.000Z');
    await record({ ...moved, slot: { ...later, room: 'Studio 1' } }, { type: 'scheduled' });
    await sync();
    expect(kinds()).toEqual(['conflict']);
  });
});
