/**
 * Lists the changes of a CalDAV calendar.
 *
 * - All events: a query for the names of those that end after a time (RFC 4791, section 7.8), then their contents.
 * - Changes: `sync-collection` with the token of the last listing (RFC 6578), then the contents of what has changed. A
 *   server without it has a CTag. When that has changed, the names and etags of all events are compared with the stored
 *   ones.
 *
 * A token or CTag is read before the names, so a change during the listing is listed again by the next one.
 *
 * A resource is a whole series. It is listed with its occurrences within a window (`settings.ts`). A cursor expires before
 * the window is too short.
 */
import { randomUUID } from 'node:crypto';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { day } from '../../domain/time/units.ts';
import { textsOf } from '../icalendar/faults.ts';
import { operationOf } from '../operations.ts';
import type { CalendarChanges, LeftOutOfPage, ListingPosition, StoredEvents } from '../ports.ts';
import type { FetchFor } from './client.ts';
import {
  type CollectionChanges,
  listCollectionChanges,
  listResources,
  readCollectionState,
} from './collection.ts';
import { calendarUrlOf, refusedError } from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';
import { createKeptLists } from './kept-lists.ts';
import { deletionOf, hrefOfSeries, seriesOfHref, unreadOf } from './listed-events.ts';
import { type Cursor, type Page, readCursor, readPage, writeCursor, writePage } from './listing-position.ts';
import { notPermitted, readPageOf } from './page-reading.ts';
import { isTooLarge } from './resource-names.ts';
import { pageDeadlineMs, resourcesPerPage, seriesListMs, seriesWindowMs } from './settings.ts';

const listOperation = operationOf('apple', 'calendar.listChanges');

/** What a listing has to read. */
interface Work {
  /** The hrefs of the resources, sorted. */
  readonly changed: readonly string[];
  /** The series of deleted resources. */
  readonly removed: readonly string[];
  /** The series of resources that the account may not read. */
  readonly denied: readonly string[];
  readonly size: number;
}

const workOf = (
  changed: readonly string[],
  removed: readonly string[] = [],
  denied: readonly string[] = [],
): Work => ({
  changed: [...new Set(changed)].sort(),
  removed,
  denied,
  size: changed.length + removed.length + denied.length,
});

type Found = { readonly page: Page; readonly work: Work } | 'expired' | { readonly unchanged: Cursor };

interface Options {
  /** Smaller in tests. */
  readonly pageSize?: number;
  readonly now?: () => number;
}

/**
 * Creates the changes of CalDAV calendars. `fetchFor` must return a guarded `fetch`, because a person names the server.
 * `reportUnreadable` is called after each page that has damaged events.
 */
export const createCaldavChanges = (
  fetchFor: FetchFor,
  reportUnreadable: CaldavScope['reportUnreadable'],
  { pageSize = resourcesPerPage, now = Date.now }: Options = {},
): CalendarChanges => {
  const kept = createKeptLists<Work>();

  const newPage = (next: Cursor, since?: string): Page => ({
    listing: randomUUID(),
    size: pageSize,
    isTruncated: false,
    next,
    ...(since === undefined ? {} : { since }),
  });

  /** Continues or begins a listing of what has changed since a token. An empty token lists all. */
  const findSince = async (scope: CaldavScope, url: string, page: Page, since: string): Promise<Found> => {
    const known = kept.get(page.listing);
    if (known) return { page, work: known };
    const answer = await listCollectionChanges(scope, url, since);
    if (answer === 'expired') return answer;
    const work = workOf(
      answer.changed.map(({ href }) => href),
      answer.removed.map(seriesOfHref),
      answer.denied.map(seriesOfHref),
    );
    return { page: continued(page, answer), work };
  };

  /** Finds the events of a listing of all of them. */
  const findAll = async (
    scope: CaldavScope,
    url: string,
    { since, page: text }: Extract<ListingPosition, { kind: 'all' }>,
    stored: StoredEvents,
  ): Promise<Found> => {
    const page = text === undefined ? undefined : readPage(text);
    if (text !== undefined && !page) return 'expired';
    if (page?.since !== undefined) return findSince(scope, url, page, page.since);
    const known = page && kept.get(page.listing);
    if (page && known) return { page, work: known };
    const state = page ? undefined : await readCollectionState(scope, url);
    const horizon = now() + seriesWindowMs;
    const begun = page ?? newPage({ horizon, ...state });
    try {
      // The server may read days and floating times in another zone than the calendar's.
      const listed = await listResources(scope, url, toEpochMs(since) - day, {
        hasEnd: begun.next.token === undefined,
      });
      const names = new Set(listed.map(({ href }) => seriesOfHref(href)));
      // A server cannot tell when a damaged event is, and leaves it out of the answer.
      const unlisted = [...(await stored.etags()).keys()].filter((series) => !names.has(series));
      return {
        page: begun,
        work: workOf([...listed.map(({ href }) => href), ...unlisted.map((name) => hrefOfSeries(url, name))]),
      };
    } catch (error) {
      if (!isTooLarge(error) || begun.next.token === undefined) throw error;
      // A server that cuts off the answer to a query continues that of a listing of changes.
      return findSince(scope, url, newPage({ horizon: begun.next.horizon }, ''), '');
    }
  };

  const findChanges = async (
    scope: CaldavScope,
    url: string,
    position: Extract<ListingPosition, { kind: 'changes' }>,
    stored: StoredEvents,
  ): Promise<Found> => {
    const cursor = readCursor(position.cursor);
    const page = position.page === undefined ? undefined : readPage(position.page);
    if (!cursor || (position.page !== undefined && !page)) return 'expired';
    if (cursor.horizon - now() < seriesWindowMs - seriesListMs) return 'expired';
    const { token, ctag, ...rest } = cursor;
    if (token !== undefined) {
      const since = page?.since ?? token;
      return findSince(scope, url, page ?? newPage(rest, since), since);
    }
    const known = page && kept.get(page.listing);
    if (page && known) return { page, work: known };
    const state = await readCollectionState(scope, url);
    // The server has learned to list changes.
    if (state.token !== undefined) return 'expired';
    if (!page && ctag !== undefined && state.ctag === ctag) return { unchanged: cursor };
    const etags = await stored.etags();
    // Earlier than what is stored, so that no event between the two times seems to be deleted.
    const listed = await listResources(scope, url, now() - 3 * day, { hasEnd: true });
    const names = new Set(listed.map(({ href }) => seriesOfHref(href)));
    const changed = listed.filter(({ href, etag }) => {
      const known = etags.get(seriesOfHref(href));
      return known === undefined || known !== etag;
    });
    const removed = [...etags.keys()].filter((series) => !names.has(series));
    return {
      page: page ?? newPage({ ...rest, ...state }),
      work: workOf(
        changed.map(({ href }) => href),
        removed,
      ),
    };
  };

  return {
    name: 'apple',
    pageDeadlineMs,
    listChanges: async (connection, calendarId, position, call, stored) => {
      const scope = {
        fetchFor,
        reportUnreadable,
        operation: listOperation,
        deadlineMs: pageDeadlineMs,
        connection,
        call,
      };
      const url = calendarUrlOf(listOperation, calendarId);
      const found =
        position.kind === 'all'
          ? await findAll(scope, url, position, stored)
          : await findChanges(scope, url, position, stored);
      if (found === 'expired') return { kind: 'cursor_expired' };
      if ('unchanged' in found) {
        return { kind: 'page', changes: [], nextCursor: writeCursor(found.unchanged) };
      }
      const { page, work } = found;
      const { after } = page;
      const rest = after === undefined ? work.changed : work.changed.filter((href) => href > after);
      const [removed, denied] = after === undefined ? [work.removed, work.denied] : [[], []];
      const from = position.kind === 'all' ? toEpochMs(position.since) : now() - day;
      const read = await readPageOf(scope, url, page, rest, { from, pageSize });
      // A calendar without a resource that the account may read has hidden events: its busy times are read instead.
      if (position.kind === 'all' && after === undefined && read.areAllDenied) throw refusedError(scope);
      // Some servers report each event of a calendar as deleted, or denied, when the account may not read it any more.
      if (removed.length > 0 || read.areAllDenied || (position.kind === 'all' && read.lacksSome)) {
        await readCollectionState(scope, url);
      }
      // A listing of all events ends with the deletion of those that it did not contain.
      const gone = [...removed, ...(position.kind === 'all' ? [] : read.empty)];
      const result = {
        kind: 'page',
        // First, because an event that another resource has by now is not deleted.
        changes: [...gone.flatMap(deletionOf), ...read.changes],
        wholeSeries: read.series,
        leftOut: withDenied(read.leftOut, denied),
      } as const;
      const next = { ...page.next, ...(read.zone === undefined ? {} : { zone: read.zone }) };
      if (read.last !== undefined) {
        kept.put(page.listing, work);
        return { ...result, nextPage: writePage({ ...page, after: read.last, size: read.size, next }) };
      }
      kept.remove(page.listing);
      return page.isTruncated
        ? { ...result, nextPage: writePage(newPage(next, next.token)) }
        : { ...result, nextCursor: writeCursor(next) };
    },
  };
};

const withDenied = (
  leftOut: LeftOutOfPage | undefined,
  denied: readonly string[],
): LeftOutOfPage | undefined =>
  denied.length === 0
    ? leftOut
    : {
        events: [...(leftOut?.events ?? []), ...denied.flatMap((series) => unreadOf(series))],
        faults: [...(leftOut?.faults ?? []), ...textsOf([notPermitted])],
      };

/**
 * Returns the page with what the server has answered. When the names were lost after the first page, the server was asked
 * again: the listing still ends with its first token, so that nothing between both answers is missed. A truncated answer
 * begins again, unless it is the same one: the server can choose other resources.
 */
const continued = (page: Page, { token, isTruncated }: CollectionChanges): Page => {
  const isSame = page.isTruncated || isTruncated ? page.next.token === token : true;
  if (page.after !== undefined && isSame) return page;
  const { after: _, ...begun } = page;
  return { ...begun, isTruncated, next: { ...page.next, token } };
};
