/** Tests an Outlook calendar with changes that Graph does not return by themselves. */
import { describe, expect, it } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import { setUpOutlookCalendar } from '../../tests/harness/outlook-calendar.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import { transportError } from '../errors/transport-errors.ts';
import { mostFailedReads } from '../failed-reads.ts';
import type { ListedChange, ListingPosition } from '../ports.ts';
import { createOutlookChanges } from './changes.ts';
import { graphError } from './graph-errors.ts';
import { readPlace, writePlace } from './listing-place.ts';
import { eventsPerPage } from './settings.ts';

const since = '2026-11-01T00:00:00.000Z';
const first: ListingPosition = { kind: 'all', since };

/** Graph's code of an answer. */
const codes: Readonly<Record<number, string>> = { 404: 'ErrorItemNotFound' };

type Failure = number | 'timeout' | undefined;

/** A mailbox whose requests fail as `failureOf` says. Requests that are not answered are counted too. */
const setUp = async (failureOf: (path: string, count: number) => Failure) => {
  const { client, connection, control } = await setUpOutlookCalendar();
  const paths: string[] = [];
  const changes = createOutlookChanges(
    {
      exchange: (operation, account, call, answer, request) => {
        paths.push(request.path);
        const failure = failureOf(request.path, paths.length);
        if (failure === undefined) return client.exchange(operation, account, call, answer, request);
        if (failure !== 'timeout')
          return Promise.reject(
            graphError(operation, { status: failure, code: codes[failure], message: 'failed' }),
          );
        const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
        return Promise.reject(transportError(operation, timeout, call));
      },
    },
    { now: () => Date.parse(since) },
  );
  const listPage = async (position: ListingPosition) => {
    const page = await changes.listChanges(connection, 'primary', position, callContext(), nothingStored);
    if (page.kind !== 'page') throw new Error(page.kind);
    return page;
  };
  const list = async (start: ListingPosition = first) => {
    const found: ListedChange[] = [];
    const leftOut: unknown[] = [];
    for (let position = start; ; ) {
      const page = await listPage(position);
      found.push(...page.changes);
      if (page.leftOut) leftOut.push(page.leftOut);
      if (page.nextPage === undefined) return { found, leftOut, cursor: page.nextCursor ?? '' };
      position = { ...position, page: page.nextPage };
    }
  };
  const add = (hour: number, change: object = {}) =>
    control.addOutlookEvent({
      account: connection.account,
      start: `2026-12-02T${String(hour).padStart(2, '0')}:00:00Z`,
      end: `2026-12-02T${String(hour).padStart(2, '0')}:30:00Z`,
      ...change,
    }).eventId;
  return { list, listPage, add, paths };
};

const ten = Array.from({ length: 10 }, (_, index) => index);
const repeated = { repeat: { everyDays: 7, times: 3 } };
const isSeries = (id: string | undefined, path: string) =>
  id !== undefined && path.includes(`/events/${encodeURIComponent(id)}/instances`);

describe('a series that Graph does not return', () => {
  it.each([
    [500, mostFailedReads],
    [400, 1],
  ] as const)('is left out after answers with %i, with the times of the view', async (status, attempts) => {
    let broken: string | undefined;
    const { list, add, paths } = await setUp((path) => (isSeries(broken, path) ? status : undefined));
    const ids = ten.map((hour) => add(hour, repeated));
    broken = ids[2];
    const { found, leftOut, cursor } = await list();
    expect(leftOut).toEqual([
      { events: [{ by: 'series', series: broken }], faults: [`unread_event: ${status}`] },
    ]);
    expect(new Set(found.flatMap(({ series }) => series ?? []))).toEqual(new Set(ids));
    expect(found.filter(({ series }) => series === broken)).toHaveLength(3);
    expect(found.some(({ id }) => id === broken)).toBe(false);
    expect(paths.filter((path) => isSeries(broken, path))).toHaveLength(attempts);
    expect(cursor).not.toBe('');
  });

  it('is left out when the view fails as well: what is stored of it stays', async () => {
    let broken: string | undefined;
    const { list, add } = await setUp((path) =>
      isSeries(broken, path) || path.includes('/calendarView?') ? 500 : undefined,
    );
    broken = add(9, repeated);
    const { found, leftOut } = await list();
    expect([found, leftOut]).toMatchObject([[], [{ events: [{ by: 'series', series: broken }] }]]);
  });

  it('is requested in smaller pages after a timeout', async () => {
    const { list, add } = await setUp((path) =>
      path.includes('/instances?') && path.includes(`$top=${eventsPerPage}`) ? 'timeout' : undefined,
    );
    const id = add(9, repeated);
    const { found, leftOut } = await list();
    expect([found.filter(({ series }) => series === id).length, leftOut]).toEqual([3, []]);
  });

  it('is not left out while Graph fails as a whole', async () => {
    const { listPage, add } = await setUp((path) => (path.includes('/delta') ? undefined : 500));
    add(9, repeated);
    const { nextPage, interruptedBy } = await listPage(first);
    expect(interruptedBy).toMatchObject({ fault: { kind: 'retry' } });
    for (let attempt = 0; attempt <= mostFailedReads; attempt += 1)
      await expect(listPage({ ...first, page: nextPage })).rejects.toMatchObject({
        fault: { kind: 'retry' },
      });
  });
});

describe('an event that Graph does not find, and that a listing reads twice', () => {
  const unread = [
    { kind: 'removed', id: 'gone' },
    { kind: 'series', id: 'gone', isOurs: true },
  ] as const;
  const page = writePlace({ query: 'deltatoken=1', isLast: true, unread });

  it('is not listed as deleted while the calendar itself is not found', async () => {
    const { listPage } = await setUp(() => 404);
    await expect(listPage({ ...first, page })).rejects.toMatchObject({ fault: { kind: 'not_found' } });
  });

  it('is not listed as deleted while the calendar cannot be read, and other events are listed', async () => {
    const { listPage, add } = await setUp((path) => {
      if (path.includes('/events/gone')) return 404;
      return path.endsWith('?$select=id') ? 503 : undefined;
    });
    const other = add(9);
    const withOther = writePlace({
      query: 'deltatoken=1',
      isLast: true,
      unread: [{ kind: 'event', id: other }, ...unread],
    });
    const { changes, nextPage = '', interruptedBy } = await listPage({ ...first, page: withOther });
    expect(changes.map(({ id }) => id)).toEqual([other]);
    expect(readPlace(nextPage).unread).toEqual(unread);
    expect(interruptedBy?.vendor.status).toBe(503);
  });

  it('is listed as deleted when the calendar is there', async () => {
    const { listPage } = await setUp((path) => (path.includes('/events/gone') ? 404 : undefined));
    const { changes, nextPage } = await listPage({ ...first, page });
    expect([new Set(changes.map(({ id }) => id)), nextPage]).toEqual([new Set(['gone']), undefined]);
  });
});

describe('a page of Outlook in which a late read fails', () => {
  it.each([429, 503])(
    'returns what was read before an answer with %i, and the rest of the place',
    async (status) => {
      let reads = 0;
      const { listPage, add, paths } = await setUp((path) => {
        if (path.includes('/delta')) return undefined;
        reads += 1;
        return reads > 7 && reads < 12 ? status : undefined;
      });
      for (const hour of ten) add(hour, repeated);
      const page = await listPage(first);
      expect(new Set(page.changes.map(({ series }) => series).filter(Boolean)).size).toBe(7);
      expect(page.leftOut).toBeUndefined();
      expect(page.interruptedBy?.vendor.status).toBe(status);
      reads = 12;
      const before = paths.length;
      const rest = await listPage({ ...first, page: page.nextPage });
      expect(new Set(rest.changes.map(({ series }) => series).filter(Boolean)).size).toBe(3);
      expect(rest.nextPage).toBeUndefined();
      expect(paths.length - before).toBe(3);
    },
  );
});
