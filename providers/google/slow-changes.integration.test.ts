/** Tests a list in which each event must be read, from a Google that answers slowly. */
import { describe, expect, it } from 'vitest';
import { callContext } from '../../tests/harness/call-context.ts';
import { calendarId, setUpGoogleCalendar } from '../../tests/harness/google-calendar.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import type { ListedChange, ListingPosition } from '../ports.ts';
import { createGoogleChanges } from './changes.ts';
import { referenceProperty, revisionProperty, textProperty } from './event.ts';
import { roomProperty } from './event-room.ts';
import { googleDeadlineMs, pageDeadlineMs, readingMs, readsAtOnce, readsPerPage } from './settings.ts';

const count = 100;
const slot = { start: '2026-12-02T09:00:00Z', end: '2026-12-02T10:00:00Z' };
const privates = { [referenceProperty]: 'aud_ophelia', [revisionProperty]: '1' };
const repeatedEvent = (index: number) => ({ id: `e${index}_1`, recurringEventId: `e${index}` });
const ownEvent = (index: number) => ({ id: `e${index}` });
const guestOfRoom = (index: number) => ({
  id: `e${index}`,
  attendees: [{ email: 'casting@example.com', responseStatus: 'accepted' }],
});

/** Lists `count` events. Each request after that of the list is a read, which takes `latencyMs`. */
const setUp = async (
  eventOf: (index: number) => { readonly id: string },
  properties: Readonly<Record<string, string>>,
  {
    latencyMs = 0,
    readForMs,
    requestsPerMinute,
  }: { readonly latencyMs?: number; readonly readForMs?: number; readonly requestsPerMinute?: number } = {},
) => {
  const { client, connection } = await setUpGoogleCalendar();
  const items = Array.from({ length: count }, (_, index) => ({
    ...eventOf(index),
    status: 'confirmed',
    start: { dateTime: slot.start },
    end: { dateTime: slot.end },
    extendedProperties: { private: { ...privates, ...properties } },
  }));
  let reads = -1;
  let simultaneous = 0;
  let most = 0;
  const changes = createGoogleChanges(
    {
      ...client,
      exchange: async (_operation, _connection, _call, answer) => {
        reads += 1;
        if (reads === 0) return answer.parse({ items, timeZone: 'Europe/Paris', nextSyncToken: 'next' });
        const item = items[reads - 1];
        most = Math.max(most, (simultaneous += 1));
        await new Promise((resolve) => setTimeout(resolve, latencyMs));
        simultaneous -= 1;
        return answer.parse({ ...item, attendees: [], recurringEventId: undefined });
      },
    },
    { readForMs, requestsPerMinute },
  );
  /** Lists all pages. Each makes no more requests than it says. */
  const list = async () => {
    const found: ListedChange[] = [];
    const requests: number[] = [];
    for (let position: ListingPosition = { kind: 'all', since: '2026-11-01T00:00:00.000Z' }; ; ) {
      const before = reads;
      const page = await changes.listChanges(connection, calendarId, position, callContext(), nothingStored);
      if (page.kind !== 'page') throw new Error(page.kind);
      requests.push(reads - before);
      expect(reads - before).toBeLessThanOrEqual(changes.requestsOf?.(position) ?? 1);
      found.push(...page.changes.filter(({ isPartial }) => !isPartial));
      if (page.nextPage === undefined) return { found, requests, most, cursor: page.nextCursor };
      position = { ...position, page: page.nextPage };
    }
  };
  return { list };
};

describe('a list of Google in which every event must be read', () => {
  it.each([
    ['has texts of ours', ownEvent, { [textProperty]: 'a.b.c' }, 0],
    ['books a room', guestOfRoom, { [roomProperty]: 'room@example.com' }, 0],
    ['was repeated by a person', repeatedEvent, {}, count],
  ])('is read over several pages when each %s', async (_what, eventOf, properties, listed) => {
    const { list } = await setUp(eventOf, properties);
    const { found, requests, most, cursor } = await list();
    expect(found).toHaveLength(listed + count);
    expect(requests).toEqual([1, readsPerPage, readsPerPage, count - 2 * readsPerPage]);
    expect([most, cursor]).toEqual([readsAtOnce, 'next']);
  });

  it('advances with each page when Google is slow', async () => {
    const { list } = await setUp(ownEvent, { [textProperty]: 'a.b.c' }, { latencyMs: 5, readForMs: 1 });
    const { found, requests } = await list();
    expect(found).toHaveLength(count);
    expect(requests).toEqual([1, ...Array.from({ length: 12 }, () => readsAtOnce), count % readsAtOnce]);
  });

  it.each([
    [1, 1],
    [39, 9],
    [100, 25],
    [0, readsPerPage],
  ])('reads a share of a quota of %i requests a minute in each page', async (requestsPerMinute, most) => {
    const { list } = await setUp(ownEvent, { [textProperty]: 'a.b.c' }, { requestsPerMinute });
    const { found, requests } = await list();
    expect([found.length, Math.max(...requests)]).toEqual([count, most]);
  });

  it('has pages that end within their deadline', () => {
    // The reads that begin last, and the request whether the calendar exists.
    expect(readingMs + 2 * googleDeadlineMs).toBeLessThan(pageDeadlineMs);
  });
});
