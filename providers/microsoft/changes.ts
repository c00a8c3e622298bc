/**
 * Lists the changes of an Outlook calendar with change queries (delta):
 * https://learn.microsoft.com/graph/delta-query-events and https://learn.microsoft.com/graph/api/event-delta
 *
 * Graph v1.0 has change queries of a calendar view only: of a window of time that its links contain and that cannot be
 * moved. `events/delta`, without a window, is in beta only. So the window is long, the cursor says where it ends, and a
 * cursor whose window has become short counts as expired: everything is listed again with a later window.
 *
 * A change query knows neither `$select` nor `$expand`, lists every change outside its window as removed, lists the
 * occurrences of a series without their status, and does not mention a deleted occurrence. What it leaves out is read
 * with requests of their own (`changed-events.ts`): one after the other, because a call holds one of the four places of
 * the mailbox. They need not fit into one call. A page ends after some seconds, and names what is still unread
 * (`listing-place.ts`).
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import { day } from '../../domain/time/units.ts';
import { failedReadOf } from '../failed-reads.ts';
import { parseJsonOrUndefined } from '../http/json.ts';
import { nextPageField } from '../next-page.ts';
import { operationOf } from '../operations.ts';
import { optionalField } from '../optional-field.ts';
import type { CalendarChanges, ListedChange, ListingPosition } from '../ports.ts';
import { createLeftOut, type ReportUnreadable } from '../unreadable-events.ts';
import { mainCalendar, viewPath } from './calendar-name.ts';
import { type CalendarRequest, changeSchema, createChangedEvents, type Window } from './changed-events.ts';
import { readDue } from './due-changes.ts';
import type { GraphClient } from './graph-client.ts';
import { graphError, isExpiredLink } from './graph-errors.ts';
import { addUnread, dueOf, type ListingPlace, readPlace, writePlace } from './listing-place.ts';
import { createMailboxes } from './mailbox.ts';
import { changesPerPage, changesPerSlowPage, pageDeadlineMs, readingMs } from './settings.ts';
import { createGraphPush } from './subscriptions.ts';

const listOperation = operationOf('microsoft', 'calendar.listChanges');

/**
 * The items are read one by one, so that one that cannot be read does not fail the page. Each page has a link to the next one, or the last
 * one a delta link: https://learn.microsoft.com/graph/delta-query-overview. A document with neither is not Graph's answer, but for example a
 * gateway's. As the end of a listing, it would remove the events that it does not list.
 */
const pageSchema = z
  .object({
    value: z.array(z.unknown()),
    '@odata.nextLink': nextPageField,
    '@odata.deltaLink': optionalField(z.string()).transform((link) => link || undefined),
  })
  .refine((page) => page['@odata.nextLink'] !== undefined || page['@odata.deltaLink'] !== undefined, {
    path: ['@odata.deltaLink'],
    error: 'neither a link to the next page nor a delta link',
  });

/** A year and a month. A view of more than some years is refused, and each occurrence in it is listed. */
const windowMs = 400 * day;
/** Slots begin within a year. A window that covers less of the future is replaced. */
const shortestAheadMs = 365 * day;

/** The cursor has the query of a link and not its path, which can contain the id of the calendar. */
const cursorSchema = z.object({ from: instantSchema, until: instantSchema, query: z.string() });
type Cursor = z.infer<typeof cursorSchema>;

interface Options {
  /** Smaller in tests. */
  readonly pageSize?: number | undefined;
  /** For how long a page begins to read changes, in milliseconds. Shorter in tests. */
  readonly readForMs?: number | undefined;
  /** Epoch milliseconds. */
  readonly now?: (() => number) | undefined;
  /** Is called with the events of a page that are left out. */
  readonly reportUnreadable?: ReportUnreadable | undefined;
}

/** Creates the changes of Outlook calendars. */
export const createOutlookChanges = (
  client: GraphClient,
  {
    pageSize = changesPerPage,
    readForMs = readingMs,
    now = Date.now,
    reportUnreadable = () => {},
  }: Options = {},
): CalendarChanges => {
  const changedEvents = createChangedEvents(client, createMailboxes(client, now));
  const requestPage = (
    { operation, connection, calendarId, call }: CalendarRequest,
    { query }: ListingPlace,
    size: number,
  ): Promise<z.output<typeof pageSchema>> =>
    client.exchange(operation, connection, call, pageSchema, {
      method: 'get',
      path: `${viewPath(calendarId)}/delta?${query}`,
      pageSize: size,
      isOwnCalendar: calendarId === mainCalendar,
    });

  /** Requests a smaller page when one does not arrive in time: its events can be large. */
  const readPage = async (
    request: CalendarRequest,
    place: ListingPlace,
    position: ListingPosition,
  ): Promise<z.output<typeof pageSchema> | 'expired'> => {
    try {
      try {
        return await requestPage(request, place, pageSize);
      } catch (error) {
        if (!isTooSlow(error) || request.call.signal.aborted) throw error;
        return await requestPage(request, place, Math.min(pageSize, changesPerSlowPage));
      }
    } catch (error) {
      if (isExpired(error, position)) return 'expired';
      throw error;
    }
  };

  return {
    name: 'microsoft',
    pageDeadlineMs,
    push: createGraphPush(client),
    listChanges: async (connection, calendarId, position, call) => {
      const begunAt = performance.now();
      const start = startOf(position);
      if (!start || isShort(start, position, now())) return { kind: 'cursor_expired' };
      const { from, until } = start;
      let place = placeOf(position, start);
      const leftOut = createLeftOut(connection, calendarId, reportUnreadable);
      const request = { operation: listOperation, connection, calendarId, call, leftOut };
      const changes: ListedChange[] = [];
      let isListed = false;
      if (!place.isLast && dueOf(place).length === 0) {
        const answer = await readPage(request, place, position);
        if (answer === 'expired') return { kind: 'cursor_expired' };
        const sorted = await changedEvents.sort(request, leftOut.read(changeSchema, answer.value));
        for (const change of sorted.complete) changes.push(change);
        place = { ...nextOf(answer), unread: addUnread(place.unread, sorted.unread) };
        isListed = true;
      }
      let isEmpty = !isListed;
      const mayStop = () => {
        const isOver = !isEmpty && performance.now() - begunAt >= readForMs;
        isEmpty = false;
        return isOver;
      };
      let interruptedBy: ProviderError | undefined;
      try {
        const due = await readDue(changedEvents, request, place, { window: { from, until }, mayStop });
        changes.push(...due.changes);
        ({ place, interruptedBy } = due);
      } catch (error) {
        const failed = failedReadOf(error, call);
        // The list counts, unless the calendar is gone.
        if (!isListed || failed.kind === 'lasting') throw error;
        interruptedBy = failed.error;
      }
      leftOut.report();
      const page = { kind: 'page', changes, leftOut: leftOut.found(), listedUntil: until } as const;
      return place.isLast && place.unread.length === 0
        ? { ...page, nextCursor: cursorOf({ from, until }, place) }
        : { ...page, nextPage: writePlace(place), interruptedBy };
    },
  };
};

/** Returns where the listing continues. */
const placeOf = ({ page }: ListingPosition, start: Window & { readonly query?: string }): ListingPlace =>
  page === undefined
    ? { query: start.query ?? firstQuery(start), isLast: false, unread: [] }
    : readPlace(page);

/**
 * A delta link without a query ends the listing, and the next one begins anew.
 *
 * @throws {ProviderError} when the link to the next page has no query: the list is not complete
 */
const nextOf = ({
  '@odata.nextLink': nextLink,
  '@odata.deltaLink': deltaLink,
}: z.output<typeof pageSchema>): Omit<ListingPlace, 'unread'> => {
  if (nextLink === undefined) return { query: queryOfLink(deltaLink), isLast: true };
  const query = queryOfLink(nextLink);
  if (query !== undefined) return { query, isLast: false };
  throw graphError(listOperation, {
    code: 'link_unreadable',
    message: 'the link to the next page of changes has no query',
  });
};

const cursorOf = (window: Window, { query }: ListingPlace): string | undefined =>
  query === undefined ? undefined : JSON.stringify({ ...window, query } satisfies Cursor);

/** Returns the window of the listing, and the query of its first link. Undefined for a cursor that cannot be read. */
const startOf = (position: ListingPosition): (Window & { readonly query?: string }) | undefined => {
  if (position.kind === 'changes') return cursorSchema.safeParse(parseJsonOrUndefined(position.cursor)).data;
  const { since } = position;
  return { from: since, until: toInstant(toEpochMs(since) + windowMs) };
};

/** A listing that has begun is finished first. */
const isShort = ({ until }: { readonly until: Instant }, { kind, page }: ListingPosition, nowMs: number) =>
  kind === 'changes' && page === undefined && toEpochMs(until) - nowMs < shortestAheadMs;

const firstQuery = ({ from, until }: Window): string => `startDateTime=${from}&endDateTime=${until}`;

/** The token is the only option of a link. Undefined for a link that has it elsewhere. */
const queryOfLink = (link = ''): string | undefined => link.split('?', 2)[1] || undefined;

/** Whether the deadline of one exchange was over. */
const isTooSlow = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'outage' && error.vendor.code === 'TimeoutError';

/** A rejected link is of no use either, whatever its error says. */
const isExpired = (error: unknown, { kind, page }: ListingPosition): boolean =>
  error instanceof ProviderError &&
  (kind === 'changes' || page !== undefined) &&
  (isExpiredLink(error.vendor) || error.fault.kind === 'rejected_input');
