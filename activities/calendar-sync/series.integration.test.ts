/** Tests the storage of series, with a vendor whose pages the test writes. */
import { describe, expect, it } from 'vitest';
import { minute } from '../../domain/time/units.ts';
import type { CalendarChanges, ListedChange, ListingPosition } from '../../providers/ports.ts';
import { ada, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';

type Answer = Awaited<ReturnType<CalendarChanges['listChanges']>>;

const syncFor = useCalendarSync();

const setup = async () => {
  const answers: Answer[] = [];
  const positions: ListingPosition[] = [];
  const etags: Record<string, string | undefined>[] = [];
  const some: (readonly unknown[])[] = [];
  const bench = await syncFor({
    wrap: () => ({
      name: 'google',
      listChanges: async (_connection, _calendar, position, _call, stored) => {
        positions.push(position);
        etags.push(Object.fromEntries(await stored.etags()));
        some.push([...(await stored.etags(['/b', '/unknown'])), ...(await stored.sample(2))]);
        return answers.shift() ?? { kind: 'page', changes: [], nextCursor: 'same' };
      },
    }),
  });
  await bench.write(1, slot);
  /** Lists one page. */
  const list = (changes: readonly ListedChange[], wholeSeries: readonly string[] = []) => {
    answers.push({ kind: 'page', changes, wholeSeries, nextCursor: 'next' });
    return bench.sync();
  };
  const ids = async () => (await bench.stored()).filter(({ isRemoved }) => !isRemoved).map(({ id }) => id);
  return { ...bench, list, ids, etags, some, positions };
};

const occurrence = (id: string, series: string, etag = '1'): ListedChange => ({
  id,
  series,
  event: { start: slot.start, end: slot.end, zone: 'UTC', isAllDay: false, busy: 'free', etag },
});

const deletion = (id: string): readonly ListedChange[] => [
  { id: `/${id}.ics` },
  { id, series: `/${id}.ics` },
];

describe('a series that is listed as a whole', () => {
  it('loses the occurrences that it no longer has, and no others', async () => {
    const { list, ids, eventId } = await setup();
    const own = occurrence(eventId, `/${eventId}.ics`);
    await list([occurrence('a', '/a'), occurrence('a/2', '/a'), occurrence('b', '/b'), own], ['/a', '/b']);
    expect(await ids()).toEqual(['a', 'a/2', 'b', eventId].sort());
    await list([occurrence('a/2', '/a')], ['/a']);
    expect(await ids()).toEqual(['a/2', 'b', eventId].sort());
    await list([], ['/a']);
    expect(await ids()).toEqual(['b', eventId].sort());
  });

  it('is an event of ours, which was deleted when it is gone', async () => {
    const { list, kinds, eventId } = await setup();
    await list([occurrence(eventId, `/${eventId}.ics`)]);
    await list([], [`/${eventId}.ics`]);
    expect(kinds()).toEqual(['deleted']);
  });
});

describe('a deleted resource', () => {
  it('deletes an event of ours that was never listed', async () => {
    const { list, kinds, eventId, repositories, connection, account, auditionId } = await setup();
    await list([occurrence(eventId, `/${eventId}.ics`)]);
    await repositories.writtenEvents.record({
      organization: 'org_1',
      connection,
      provider: 'google',
      calendarName: `google/${account}`,
      calendarId: 'primary',
      eventId: 'unlisted',
      auditionId,
      participant: ada,
      key: 'k1',
      slot,
      revision: 2,
    });
    await list(deletion('unlisted'));
    expect(kinds()).toEqual(['deleted']);
  });

  it('deletes no event that has another resource by now', async () => {
    const { list, ids, kinds, eventId } = await setup();
    await list([occurrence(eventId, `/${eventId}.ics`)]);
    await list([...deletion(eventId), occurrence(eventId, '/renamed.ics')]);
    expect(await ids()).toEqual([eventId]);
    expect(kinds()).toEqual([]);
    await list([{ id: '/renamed.ics' }]);
    expect(kinds()).toEqual(['deleted']);
  });
});

describe('a vendor without notifications', () => {
  it('is given the stored etags, and is read every five minutes', async () => {
    const { list, etags, positions } = await setup();
    expect(await list([occurrence('a', '/a', '7'), occurrence('a/2', '/a', '7')])).toMatchObject({
      kind: 'synced',
      nextPollMs: 5 * minute,
    });
    await list([]);
    expect(etags).toEqual([{}, { '/a': '7' }]);
    expect(positions).toMatchObject([{ kind: 'all' }, { kind: 'changes', cursor: 'next' }]);
  });
  it('is given the stored etags of some series, and a sample of all', async () => {
    const { list, some } = await setup();
    await list([occurrence('a', '/a', '7'), occurrence('a/2', '/a', '7'), occurrence('b', '/b', '8')]);
    await list([{ id: '/a' }]);
    await list([]);
    expect(some[0]).toEqual([]);
    expect(some[1]?.[0]).toEqual(['/b', '8']);
    expect(some[1]?.slice(1).sort()).toEqual(['/a', '/b']);
    expect(some[2]).toEqual([['/b', '8'], '/b']);
  });
});
