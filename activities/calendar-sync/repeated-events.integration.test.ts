import { describe, expect, it } from 'vitest';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { connectToSandbox } from '../../tests/harness/google-sandbox.ts';

const setupSync = useCalendarSync();

const setup = async () => {
  const bench = await setupSync();
  const { calendar: owner } = connectToSandbox(bench.sandbox.url, bench.account);
  const patch = (eventId: string, requestBody: object) =>
    owner.events.patch({ calendarId: 'primary', eventId, requestBody });
  return {
    ...bench,
    repeat: () => patch(bench.eventId, { recurrence: ['RRULE:FREQ=DAILY;COUNT=4'] }),
    /** Adds a series of another program. */
    addSeries: async (start: string, end: string) => {
      const { data } = await owner.events.insert({
        calendarId: 'primary',
        requestBody: {
          start: { dateTime: start, timeZone: 'UTC' },
          end: { dateTime: end, timeZone: 'UTC' },
          recurrence: ['RRULE:FREQ=DAILY;COUNT=10'],
        },
      });
      const instances = async () =>
        (await owner.events.instances({ calendarId: 'primary', eventId: data.id ?? '' })).data.items ?? [];
      return { id: data.id ?? '', instances, patch };
    },
    reconcile: () => bench.sync({ reconcile: { isDryRun: false, isFirst: true } }),
  };
};

describe('an event of ours that a person has repeated in Google', () => {
  it('is neither a conflict nor a deletion, also when all is listed again', async () => {
    const { sync, write, repeat, reconcile, sent } = await setup();
    await write(1, slot);
    await sync();
    await repeat();
    await sync();
    expect(await reconcile()).not.toHaveProperty('findings');
    await sync();
    expect(sent).toEqual([]);
  });

  it('is reported as moved and as deleted, and is one event again after it was restored', async () => {
    const { sync, write, repeat, person, kinds } = await setup();
    await write(1, slot);
    await sync();
    await repeat();
    await person.move(later.start, later.end);
    await sync();
    await person.remove();
    await sync();
    await write(1, slot, ':restored');
    await sync();
    expect(kinds()).toEqual(['moved', 'deleted']);
    expect(await person.event()).not.toHaveProperty('recurrence');
  });
});

describe('a series of another program in Google', () => {
  it('conflicts with the slot by the instance at its time, until that one is moved or deleted', async () => {
    const { sync, write, addSeries, person, kinds } = await setup();
    await write(1, slot);
    const { instances, patch, id } = await addSeries('2031-06-28T10:10:00Z', '2031-06-28T10:20:00Z');
    await sync();
    expect(kinds()).toEqual(['conflict']);
    const there = (await instances()).find(({ start }) => start?.dateTime?.startsWith('2031-07-01'));
    await patch(there?.id ?? '', {
      start: { dateTime: '2031-07-01T08:00:00Z' },
      end: { dateTime: '2031-07-01T08:10:00Z' },
    });
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over']);
    await patch(there?.id ?? '', { start: { dateTime: slot.start }, end: { dateTime: slot.end } });
    await sync();
    await person.remove(there?.id ?? '');
    await sync();
    expect(kinds()).toEqual(['conflict', 'conflict_over', 'conflict', 'conflict_over']);
    await person.remove(id);
    await sync();
    expect(kinds()).toHaveLength(4);
  });
});
