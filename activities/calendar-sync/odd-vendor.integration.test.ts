/** Tests the synchronization with servers that answer in other ways than Google and Microsoft document. */
import { describe, expect, it } from 'vitest';
import type { ListedChange } from '../../providers/ports.ts';
import { later, slot, useCalendarSync } from '../../tests/harness/calendar-sync-harness.ts';
import { inDays, slotIn, useOutlookSync } from '../../tests/harness/outlook-sync-harness.ts';
import { startRewritingProxy } from '../../tests/harness/rewriting-proxy.ts';

const setup = useCalendarSync();
const setUpOutlook = useOutlookSync();

const times = {
  start: '2031-07-03T10:00:00.000Z',
  end: '2031-07-03T11:00:00.000Z',
  zone: 'UTC',
  isAllDay: false,
  busy: 'busy',
} as const;
/** PostgreSQL compresses a text that repeats itself. */
const longText = Array.from({ length: 9_000 }, (_, index) =>
  ((index * index * 7_919) % 36).toString(36),
).join('');

const odd: readonly (readonly [string, ListedChange])[] = [
  ['an id with NUL', { id: 'a\0b', event: times }],
  ['an id with half a surrogate pair', { id: 'a\uD800', event: times }],
  ['a long id', { id: longText, event: times }],
  ['a series with NUL', { id: 'a', series: 's\0', event: times }],
  ['a long series', { id: 'a', series: longText, event: times }],
  ['a UID with NUL', { id: 'a', uid: 'u\0', event: times }],
  ['an etag with NUL', { id: 'a', event: { ...times, etag: '\0' } }],
  ['a zone with half a surrogate pair', { id: 'a', event: { ...times, zone: 'a\uD800' } }],
  [
    'a start in the year 0',
    { id: 'a', event: { ...times, start: '0000-05-01T00:00:00.000Z', end: '2031-06-30T00:00:00.000Z' } },
  ],
  [
    'a large revision',
    { id: 'a', event: times, mark: { eventId: 'a', reference: 'aud_x', revision: 9_007_199_254_740_991 } },
  ],
];

/** Sets up a calendar whose vendor lists one more change, and gives a cursor that cannot be stored. */
const withChange = (change: { listed: ListedChange | undefined }) =>
  setup({
    wrap: (changes) => ({
      ...changes,
      listChanges: async (...call) => {
        const page = await changes.listChanges(...call);
        if (page.kind !== 'page' || !change.listed) return page;
        return { ...page, changes: [...page.changes, change.listed], nextCursor: 'next\0' };
      },
    }),
  });

describe('an event that PostgreSQL does not store as it is', () => {
  it.each(odd)('because it has %s blocks its time, once, until it is deleted', async (_what, listed) => {
    const change: { listed: ListedChange | undefined } = { listed };
    const { sync, stored, write, kinds } = await withChange(change);
    await write(1, slot);
    expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync' }] });
    await sync();
    expect(await stored()).toHaveLength(2);
    change.listed = { ...listed, event: undefined };
    await sync();
    expect(await stored()).toMatchObject([{ isOurs: true, isRemoved: false }]);
    expect(kinds()).toEqual([]);
  });

  it('and that cannot be read is reported', async () => {
    const { sync, write, repositories, connection } = await setup({
      wrap: (changes) => ({
        ...changes,
        listChanges: async (...call) => {
          const page = await changes.listChanges(...call);
          const events = [
            { by: 'id', id: 'a\0' } as const,
            { by: 'series', series: longText } as const,
            { by: 'uid', uid: '\uD800' } as const,
          ];
          return page.kind === 'page'
            ? { ...page, wholeSeries: ['s\0'], leftOut: { events, faults: ['unknown_zone: a\0'] } }
            : page;
        },
      }),
    });
    await write(1, slot);
    expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync' }] });
    const problems = await repositories.connectionProblems.list([connection]);
    expect(problems.get(connection)).toMatchObject([{ kind: 'events_unreadable' }]);
  });
});

describe('a listing whose pages', () => {
  it.each([
    ['follow each other in a circle', (page: string | undefined) => (page === 'b' ? 'a' : 'b')],
    ['have tokens that cannot be stored', () => 'a\0'],
  ])('%s ends with a fault of the calendar', async (_what, nextOf) => {
    let requests = 0;
    const { sync, write } = await setup({
      wrap: (changes) => ({
        ...changes,
        listChanges: async (_account, _calendar, { page }) => {
          requests += 1;
          return { kind: 'page', changes: [], nextPage: nextOf(page) };
        },
      }),
    });
    await write(1, slot);
    expect(await sync()).toMatchObject({ isMore: false, calendars: [{ error: 'rejected_input' }] });
    expect(requests).toBeLessThan(5);
  });
});

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const optional = new Set([
  'etag',
  'sequence',
  'iCalUID',
  'organizer',
  'creator',
  'updated',
  'created',
  'htmlLink',
]);

/** Answers as a server does that states few fields, and others with their defaults. */
const sparse = (answer: unknown): unknown => {
  if (Array.isArray(answer)) return answer.map(sparse);
  if (!isObject(answer)) return answer;
  const fields = Object.fromEntries(
    Object.entries(answer).flatMap(([name, value]) => (optional.has(name) ? [] : [[name, sparse(value)]])),
  );
  switch (Object(answer).kind) {
    case 'calendar#events':
      return { nextPageToken: '', nextSyncToken: '', timeZone: '', ...fields };
    case 'api#channel':
      return { ...fields, expiration: '99999999999999999999' };
    default:
      return fields;
  }
};

describe('a Google that states few fields, and defaults for absent ones', () => {
  it.each([2, 100])('is followed in pages of %i, without loss or repetition', async (pageSize) => {
    const { sync, write, record, person, stored, kinds, repositories, connection } = await setup({
      pageSize,
      through: (sandboxUrl) => startRewritingProxy(sandboxUrl, sparse),
    });
    const watches = () => repositories.watchSubscriptions.listByConnection(connection);
    const others = [2, 3, 4].map((day) =>
      person.add(`2031-05-0${day}T08:00:00Z`, `2031-05-0${day}T09:00:00Z`),
    );
    await write(1, slot);
    await record({ type: 'confirmed' });
    expect(await sync()).toMatchObject({ isMore: false, calendars: [{ state: 'in_sync', listedCount: 4 }] });
    const opened = await watches();
    expect(opened).toHaveLength(1);
    expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync' }] });
    expect(await watches()).toEqual(opened);
    expect(kinds()).toEqual([]);
    await person.remove(others[0]);
    await person.move(later.start, later.end);
    await sync();
    await sync();
    expect(await stored()).toHaveLength(3);
    expect(kinds()).toEqual(['moved']);
  });
});

const absentInGraph = new Set(['changeKey', 'iCalUId', 'createdDateTime', 'lastModifiedDateTime', 'webLink']);
const nullInGraph = [
  'body',
  'bodyPreview',
  'location',
  'attendees',
  'organizer',
  'responseStatus',
  'categories',
];

/** Answers as a server does that states few fields, others as null, and the links of its lists without their beginning. */
const sparseGraph = (answer: unknown): unknown => {
  if (Array.isArray(answer)) return answer.map(sparseGraph);
  if (!isObject(answer)) return answer;
  const fields = Object.fromEntries(
    Object.entries(answer).flatMap(([name, value]) => {
      if (absentInGraph.has(name)) return [];
      if (name === '@odata.nextLink') return [[name, String(value).replace(/^.*\/v1\.0\//, '')]];
      return [[name, sparseGraph(value)]];
    }),
  );
  if ('value' in fields && Array.isArray(fields.value)) return { '@odata.nextLink': '', ...fields };
  return 'start' in fields && 'type' in fields
    ? { ...Object.fromEntries(nullInGraph.map((name) => [name, null])), ...fields }
    : fields;
};

describe('a Graph that states few fields, and links without their beginning', () => {
  it('is followed, without loss or repetition', async () => {
    const { sync, hold, write, stored, sent, series, mailbox, subscriptions } = await setUpOutlook(
      {},
      (sandboxUrl) => startRewritingProxy(sandboxUrl, sparseGraph),
    );
    await hold(slotIn(10));
    const eventId = await write(slotIn(10));
    series(60);
    expect(await sync()).toMatchObject({ isMore: false, calendars: [{ state: 'in_sync' }] });
    const before = await stored();
    expect(before.length).toBeGreaterThan(50);
    expect(await sync()).toMatchObject({ calendars: [{ state: 'in_sync' }] });
    expect(await stored()).toEqual(before);
    expect(subscriptions()).toHaveLength(1);
    expect(sent).toEqual([]);
    await mailbox.remove(before.at(-1)?.id ?? '');
    await mailbox.move(eventId, inDays(11), inDays(11) + 1_800_000);
    await sync();
    await sync();
    expect(await stored()).toHaveLength(before.length - 1);
    expect(sent).toMatchObject([{ change: { kind: 'moved' } }]);
  });
});
