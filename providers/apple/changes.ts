/**
 * Lists the changes of a CalDAV calendar.
 *
 * - All events: a query for the names of those that end after a time (RFC 4791, section 7.8), then their contents.
 * - Changes: `sync-collection` with the token of the last listing (RFC 6578), then the contents of what has changed. A
 *   server without it, or whose answer has no token, has a CTag. When that has changed, the names and etags of all events are compared with the stored
 *   ones. What a query by time omits is asked for before it counts as deleted.
 *
 * A token or CTag is read before the names, so a change during the listing is listed again by the next one.
 *
 * A resource is a whole series. It is listed with its occurrences within a window (`settings.ts`). A cursor expires before
 * the window is too short.
 */
import { randomUUID } from 'node:crypto';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day } from '../../domain/time/units.ts';
import { textsOf } from '../icalendar/faults.ts';
import { operationOf } from '../operations.ts';
import type { CalendarChanges, LeftOutOfPage, ListingPosition, StoredEvents } from '../ports.ts';
import type { FetchFor } from './client.ts';
import {
  type CollectionChanges,
  type ListedResources,
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
import { createRememberedResources, type RememberedResources } from './remembered-resources.ts';
import { isTooLarge, type NamedResource } from './resource-names.ts';
import { pageDeadlineMs, resourcesPerPage, seriesListMs, seriesWindowMs } from './settings.ts';
import { verdictOn } from './unknown-tokens.ts';
import { findUnlisted } from './unlisted-resources.ts';

const listOperation = operationOf('apple', 'calendar.listChanges');

/** What a listing has to read. */
interface Work {
  /** Sorted by their hrefs. */
  readonly changed: readonly NamedResource[];
  /** The series of deleted resources. */
  readonly removed: readonly string[];
  /** The series of resources that the account may not read. */
  readonly denied: readonly string[];
  /** What the server must not be asked for again, if it lists no changes. */
  readonly remembered: RememberedResources;
  readonly size: number;
}

const workOf = (
  changed: readonly NamedResource[],
  {
    removed = [],
    denied = [],
    remembered = createRememberedResources(),
  }: Partial<Pick<Work, 'removed' | 'denied' | 'remembered'>> = {},
): Work => ({
  changed: [...new Map(changed.map((resource) => [resource.href, resource])).values()].sort(
    ({ href: one }, { href: other }) => (one < other ? -1 : 1),
  ),
  removed,
  denied,
  remembered,
  size: changed.length + removed.length + denied.length,
});

type Listed = { readonly page: Page; readonly work: Work } | 'expired';
type Found = Listed | { readonly unchanged: Cursor };

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

  const newPage = (next: Page['next'], since?: string): Page => ({
    listing: randomUUID(),
    size: pageSize,
    isTruncated: false,
    next,
    ...(since === undefined ? {} : { since }),
  });

  /** Continues or begins a listing of what has changed since a token. An empty token lists all. */
  const findSince = async (
    scope: CaldavScope,
    url: string,
    page: Page,
    since: string,
  ): Promise<Listed | 'unsupported'> => {
    const known = kept.get(page.listing);
    if (known) return { page, work: known };
    const answer = await listCollectionChanges(scope, url, since);
    if (answer === 'expired' || answer === 'unsupported') return answer;
    const work = workOf(answer.changed, {
      removed: answer.removed.map(seriesOfHref),
      denied: answer.denied.map(seriesOfHref),
    });
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
    if (page?.since !== undefined) {
      const found = await findSince(scope, url, page, page.since);
      return found === 'unsupported'
        ? findByQuery(scope, url, since, stored, { refusesReport: true })
        : found;
    }
    return findByQuery(scope, url, since, stored, { page });
  };

  /** Finds them by a query. @param place.refusesReport whether the next listing compares, although the server names a token */
  const findByQuery = async (
    scope: CaldavScope,
    url: string,
    since: Instant,
    stored: StoredEvents,
    { page, refusesReport }: { readonly page?: Page | undefined; readonly refusesReport?: boolean },
  ): Promise<Found> => {
    const known = page && kept.get(page.listing);
    if (page && known) return { page, work: known };
    const { token, ...state } = page ? {} : await readCollectionState(scope, url);
    const horizon = now() + seriesWindowMs;
    const begun = page ?? newPage({ horizon, ...(refusesReport ? { refusesReport } : { token }), ...state });
    try {
      // The server may read days and floating times in another zone than the calendar's.
      const listed = await listResources(scope, url, toEpochMs(since) - day, {
        hasEnd: begun.next.token === undefined,
      });
      // A server cannot tell when a damaged event is, and leaves it out of the answer.
      const unlisted = unlistedIn(listed, await stored.etags());
      const requested = unlisted.map((name) => ({ href: hrefOfSeries(url, name), etag: undefined }));
      const work = workOf([...listed.resources, ...requested]);
      return { page: begun, work };
    } catch (error) {
      if (!isTooLarge(error) || begun.next.token === undefined) throw error;
      // A server that cuts off the answer to a query continues that of a listing of changes.
      return expiredIfUnsupported(
        await findSince(scope, url, newPage({ horizon: begun.next.horizon }, ''), ''),
      );
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
    const { token, ...compared } = cursor;
    // A page of a comparison has no token, also when the comparison began because the server refused to list changes.
    const since = page ? page.since : token;
    const compare = (last: Cursor) => findByNames(scope, url, { cursor: last, page }, stored);
    if (since === undefined) {
      const { refusesReport, token: named } = page?.next ?? cursor;
      return compare({ ...compared, refusesReport, token: named });
    }
    const { ctag: _, remembered: __, ...rest } = compared;
    const found = await findSince(scope, url, page ?? newPage(rest, since), since);
    if (found === 'unsupported') return compare({ ...compared, refusesReport: true });
    if (found === 'expired' || page) return found;
    const { token: next } = found.page.next;
    switch (await verdictOn(scope, url, { ...found.work, isTruncated: found.page.isTruncated }, stored)) {
      case 'changes':
        return found;
      case 'all_resources':
        return compare({ ...compared, refusesReport: true });
      case 'incomplete':
        return compare({ ...rest, token: next });
      case 'nothing':
        return next === since ? { unchanged: cursor } : compare({ ...compared, token: next });
    }
  };

  /**
   * Compares the names and etags of all events with the stored ones, unless the CTag tells that nothing has changed. With a token in
   * the cursor, changes are listed again after this comparison.
   */
  const findByNames = async (
    scope: CaldavScope,
    url: string,
    { cursor, page }: { readonly cursor: Cursor; readonly page: Page | undefined },
    stored: StoredEvents,
  ): Promise<Found> => {
    const { ctag, remembered: text, ...rest } = cursor;
    const known = page && kept.get(page.listing);
    if (page && known) return { page, work: known };
    const { token, ...state } = await readCollectionState(scope, url);
    const listsChanges = cursor.token !== undefined;
    // The server has learned to list changes.
    if (token !== undefined && !cursor.refusesReport && !listsChanges) return 'expired';
    if (!page && ctag !== undefined && state.ctag === ctag) return { unchanged: cursor };
    const etags = await stored.etags();
    // Earlier than what is stored, so that no event between the two times seems to be deleted.
    const listed = await listResources(scope, url, now() - 3 * day, { hasEnd: true });
    const unlisted = unlistedIn(listed, etags);
    const others = listed.areAll
      ? { present: [], gone: unlisted, denied: [] }
      : await findUnlisted(scope, url, unlisted);
    const present = [...listed.resources, ...others.present];
    const remembered = createRememberedResources(text, present);
    const changed = present.filter((resource) => {
      const known = etags.get(seriesOfHref(resource.href));
      return (known === undefined || known !== resource.etag) && !remembered.has(resource);
    });
    return {
      page: page ?? newPage({ ...rest, ...state, token: listsChanges ? token : undefined }),
      work: workOf(changed, { removed: others.gone, denied: others.denied, remembered }),
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
      const rest = after === undefined ? work.changed : work.changed.filter(({ href }) => href > after);
      const [removed, denied] = after === undefined ? [work.removed, work.denied] : [[], []];
      const from = position.kind === 'all' ? toEpochMs(position.since) : now() - day;
      const read = await readPageOf(scope, url, page, rest, { from, pageSize });
      for (const resource of read.settled) work.remembered.add(resource);
      // A calendar without a resource that the account may read has hidden events: its busy times are read instead.
      if (position.kind === 'all' && after === undefined && read.areAllDenied) throw refusedError(scope);
      // Some servers report each event of a calendar as deleted, or denied, when the account may not read it any more.
      if (removed.length > 0 || read.areAllDenied || read.gone.length > 0) {
        await readCollectionState(scope, url);
      }
      // A listing of all events ends with the deletion of those that it did not contain.
      const gone = [...removed, ...(position.kind === 'all' ? [] : [...read.empty, ...read.gone])];
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
        : { ...result, nextCursor: writeCursor(cursorOf(next, work)) };
    },
  };
};

/** Returns the stored series that the list does not have. */
const unlistedIn = (
  { resources }: ListedResources,
  etags: Awaited<ReturnType<StoredEvents['etags']>>,
): readonly string[] => {
  const names = new Set(resources.map(({ href }) => seriesOfHref(href)));
  return [...etags.keys()].filter((series) => !names.has(series));
};

/** A server that lists changes never asks for what was remembered. */
const cursorOf = (next: Page['next'], { remembered }: Work): Cursor => {
  const text = next.token === undefined ? remembered.text() : undefined;
  return { ...next, ...(text === undefined ? {} : { remembered: text }) };
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

/** A server that has listed changes once, and does not any more, is listed from the beginning. */
const expiredIfUnsupported = (found: Found | 'unsupported'): Found =>
  found === 'unsupported' ? 'expired' : found;

/**
 * Returns the page with what the server has answered. When the names were lost after the first page, the server was asked
 * again: the listing still ends with its first token, so that nothing between both answers is missed. A truncated answer
 * begins again, unless it is the same one: the server can choose other resources.
 */
const continued = (page: Page, { token, isTruncated }: CollectionChanges): Page => {
  const isSame = page.isTruncated || isTruncated ? page.next.token === token : true;
  if (page.after !== undefined && isSame) return page;
  const { after: _, ...begun } = page;
  // A server that names no state is not asked for changes again.
  const next = token === undefined ? { ...page.next, refusesReport: true } : page.next;
  return { ...begun, isTruncated, next: { ...next, token } };
};
