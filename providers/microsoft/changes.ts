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
 * with requests of their own (`changed-events.ts`).
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import { day } from '../../domain/time/units.ts';
import { parseJsonOrUndefined } from '../http/json.ts';
import { operationOf } from '../operations.ts';
import { optionalField } from '../optional-field.ts';
import type { CalendarChanges, ListingPosition } from '../ports.ts';
import { createLeftOut, type ReportUnreadable } from '../unreadable-events.ts';
import { mainCalendar, viewPath } from './calendar-name.ts';
import { type CalendarRequest, changeSchema, createChangedEvents, type Window } from './changed-events.ts';
import type { GraphClient } from './graph-client.ts';
import { isExpiredLink } from './graph-errors.ts';
import { createMailboxes } from './mailbox.ts';
import { changesPerPage } from './settings.ts';
import { createGraphPush } from './subscriptions.ts';

const listOperation = operationOf('microsoft', 'calendar.listChanges');

/** The items are read one by one, so that one that cannot be read does not fail the page. */
const pageSchema = z.object({
  value: z.array(z.unknown()),
  '@odata.nextLink': optionalField(z.string()),
  '@odata.deltaLink': optionalField(z.string()),
});

/** A year and a month. A view of more than some years is refused, and each occurrence in it is listed. */
const windowMs = 400 * day;
/** Slots begin within a year. A window that covers less of the future is replaced, about once a month. */
const shortestAheadMs = 365 * day;

/** The cursor has the query of a link and not its path, which can contain the id of the calendar. */
const cursorSchema = z.object({ from: instantSchema, until: instantSchema, query: z.string() });
type Cursor = z.infer<typeof cursorSchema>;

interface Options {
  /** Smaller in tests. */
  readonly pageSize?: number | undefined;
  /** Epoch milliseconds. */
  readonly now?: (() => number) | undefined;
  /** Is called with the events of a page that are left out. */
  readonly reportUnreadable?: ReportUnreadable | undefined;
}

/** Creates the changes of Outlook calendars. */
export const createOutlookChanges = (
  client: GraphClient,
  { pageSize = changesPerPage, now = Date.now, reportUnreadable = () => {} }: Options = {},
): CalendarChanges => {
  const changedEvents = createChangedEvents(client, createMailboxes(client, now));
  const readPage = async (
    { operation, connection, calendarId, call }: CalendarRequest,
    query: string,
    position: ListingPosition,
  ): Promise<z.output<typeof pageSchema> | 'expired'> => {
    try {
      return await client.exchange(operation, connection, call, pageSchema, {
        method: 'get',
        path: `${viewPath(calendarId)}/delta?${query}`,
        pageSize,
        isOwnCalendar: calendarId === mainCalendar,
      });
    } catch (error) {
      if (isExpired(error, position)) return 'expired';
      throw error;
    }
  };

  return {
    name: 'microsoft',
    push: createGraphPush(client),
    listChanges: async (connection, calendarId, position, call) => {
      const start = startOf(position);
      if (!start || isShort(start, position, now())) return { kind: 'cursor_expired' };
      const { from, until } = start;
      const query = position.page ?? start.query ?? firstQuery(start);
      const leftOut = createLeftOut(connection, calendarId, reportUnreadable);
      const request = { operation: listOperation, connection, calendarId, call, leftOut };
      const answer = await readPage(request, query, position);
      if (answer === 'expired') return { kind: 'cursor_expired' };
      const { value, '@odata.nextLink': nextLink, '@odata.deltaLink': deltaLink } = answer;
      const listed = leftOut.read(changeSchema, value);
      const changes = await changedEvents.complete(request, listed, { from, until });
      leftOut.report();
      return {
        kind: 'page',
        changes,
        leftOut: leftOut.found(),
        listedUntil: until,
        nextPage: nextLink === undefined ? undefined : queryOfLink(nextLink),
        nextCursor:
          deltaLink === undefined
            ? undefined
            : JSON.stringify({ from, until, query: queryOfLink(deltaLink) } satisfies Cursor),
      };
    },
  };
};

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

/** The token is the only option of a link. */
const queryOfLink = (link: string): string => link.slice(link.indexOf('?') + 1);

/** A rejected link is of no use either, whatever its error says. */
const isExpired = (error: unknown, { kind, page }: ListingPosition): boolean =>
  error instanceof ProviderError &&
  (kind === 'changes' || page !== undefined) &&
  (isExpiredLink(error.vendor) || error.fault.kind === 'rejected_input');
