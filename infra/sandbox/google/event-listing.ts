/**
 * Implements events.list: filters, sorts and pages the events of a calendar, or lists what has changed since a sync token:
 * https://developers.google.com/workspace/calendar/api/guides/sync
 */
import { z } from 'zod';
import type { Calendar } from './calendars.ts';
import { GoogleError, googleErrors, invalid } from './errors.ts';
import { eventTypes, type StoredEvent } from './event.ts';
import { readInstant } from './event-time.ts';
import { isSeries } from './series.ts';
import { type PageToken, readPageToken, readSyncToken, type SyncToken, writeToken } from './sync-token.ts';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const oneOrMore = z.union([z.string().transform((text) => [text]), z.array(z.string())]);

export const eventQuerySchema = z.object({
  timeMin: z.string().optional(),
  timeMax: z.string().optional(),
  updatedMin: z.string().optional(),
  iCalUID: z.string().optional(),
  q: z.string().optional(),
  privateExtendedProperty: oneOrMore.default([]),
  sharedExtendedProperty: oneOrMore.default([]),
  showDeleted: flag.optional(),
  singleEvents: flag.default(false),
  orderBy: z.enum(['startTime', 'updated']).optional(),
  eventTypes: z
    .union([z.enum(eventTypes).transform((type) => [type]), z.array(z.enum(eventTypes))])
    .default([...eventTypes]),
  maxAttendees: z.coerce.number().int().min(1).optional(),
  maxResults: z.coerce.number().int().min(1).max(2500).default(250),
  pageToken: z.string().optional(),
  syncToken: z.string().optional(),
  fields: z.string().optional(),
});
export type EventQuery = z.infer<typeof eventQuerySchema>;

export interface EventPage {
  readonly events: readonly StoredEvent[];
  readonly nextPageToken?: string;
  /** On the last page of a listing without a filter that a sync token excludes. */
  readonly nextSyncToken?: string;
}

/** What the tokens of a listing depend on. */
interface Tokens {
  readonly epoch: number;
  /** The newest revision of all calendars. */
  readonly revision: number;
  /** The revision at which the owner last shared the calendar. Older sync tokens are invalid. */
  readonly sharedAt: number;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly syncTokenMs: number;
  readonly pageTokenMs: number;
  /** The most events in a page. */
  readonly eventsPerPage: number;
}

/**
 * Returns where the page begins. The documentation promises nothing for the token of an old page or of another listing.
 *
 * @throws {GoogleError} a 400
 */
const startOf = (
  calendar: Calendar,
  query: EventQuery,
  { now, pageTokenMs }: Tokens,
  first: Pick<PageToken, 'from' | 'listedAt'>,
): Pick<PageToken, 'from' | 'listedAt'> => {
  if (query.pageToken === undefined) return first;
  const token = readPageToken(query.pageToken);
  const isOurs =
    token &&
    token.calendarId === calendar.id &&
    token.parameters === `${parametersOf(query)}${query.syncToken}`;
  if (!isOurs || token.issuedAt + pageTokenMs <= now) throw invalid('Invalid page token value.');
  return token;
};

const pageTokenOf = (
  calendar: Calendar,
  query: EventQuery,
  { now }: Tokens,
  start: Pick<PageToken, 'from' | 'listedAt'>,
): string =>
  writeToken({
    calendarId: calendar.id,
    parameters: `${parametersOf(query)}${query.syncToken}`,
    from: start.from,
    listedAt: start.listedAt,
    issuedAt: now,
  });

const pageSizeOf = ({ maxResults }: EventQuery, { eventsPerPage }: Tokens): number =>
  Math.min(maxResults, eventsPerPage);

const hasProperties = (wanted: readonly string[], held: Readonly<Record<string, string>> | undefined) =>
  wanted.every((pair) => {
    const equals = pair.indexOf('=');
    return equals > 0 && held?.[pair.slice(0, equals)] === pair.slice(equals + 1);
  });

const mentions = (event: StoredEvent, words: string): boolean => {
  const { summary, description, location, attendees } = event.details;
  const text = [summary, description, location, ...(attendees ?? []).map((attendee) => attendee.email)]
    .join('\n')
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};

/** Either the series or their instances are listed. Exceptions are listed in both cases. */
const isListed = (event: StoredEvent, { singleEvents }: Pick<EventQuery, 'singleEvents'>): boolean =>
  singleEvents ? !isSeries(event) : event.instanceOf === undefined || event.instanceOf.isException;

/** Matches events that overlap the window: timeMin is an exclusive bound of the end, timeMax of the start. */
const matcher = (query: EventQuery) => {
  const from = query.timeMin === undefined ? -Infinity : readInstant(query.timeMin, 'timeMin');
  const until = query.timeMax === undefined ? Infinity : readInstant(query.timeMax, 'timeMax');
  const updated = query.updatedMin === undefined ? -Infinity : readInstant(query.updatedMin, 'updatedMin');
  if (until <= from) throw invalid('The requested minimum must be before the maximum.');
  return (event: StoredEvent) =>
    isListed(event, query) &&
    (query.showDeleted === true || event.status !== 'cancelled') &&
    event.endMs > from &&
    event.startMs < until &&
    event.updated >= updated &&
    query.eventTypes.includes(event.eventType) &&
    (query.iCalUID === undefined || event.iCalUID === query.iCalUID) &&
    hasProperties(query.privateExtendedProperty, event.details.extendedProperties?.private) &&
    hasProperties(query.sharedExtendedProperty, event.details.extendedProperties?.shared) &&
    (query.q === undefined || mentions(event, query.q));
};

/**
 * Returns one page of the calendar's events, or of its changes.
 *
 * @throws {GoogleError} a 400 for a contradictory query, a 410 for a sync token of another epoch or calendar.
 */
export const listEvents = (calendar: Calendar, query: EventQuery, tokens: Tokens): EventPage =>
  query.syncToken === undefined
    ? listAll(calendar, query, tokens)
    : listChanges(calendar, query, tokens, query.syncToken);

/** A sync token is bound to the parameters of the list that returned it. */
const parametersOf = ({ singleEvents, eventTypes: types }: EventQuery): string =>
  JSON.stringify([singleEvents, [...types].sort()]);

const syncTokenOf = (
  calendar: Calendar,
  query: EventQuery,
  { epoch, now }: Tokens,
  revision: number,
): string =>
  writeToken({ epoch, revision, calendarId: calendar.id, parameters: parametersOf(query), issuedAt: now });

/** Pages by the position in the calendar, so that a change during the listing moves no other event to another page. */
const listAll = (calendar: Calendar, query: EventQuery, tokens: Tokens): EventPage => {
  if (query.orderBy === 'startTime' && !query.singleEvents) {
    throw invalid('The requested ordering is not available for the particular query.');
  }
  const start = startOf(calendar, query, tokens, { from: 0, listedAt: tokens.revision });
  const matches = matcher(query);
  const ordered = [...calendar.events.values()];
  if (query.orderBy === 'startTime') ordered.sort((a, b) => a.startMs - b.startMs);
  if (query.orderBy === 'updated') ordered.sort((a, b) => a.revision - b.revision);
  const events: StoredEvent[] = [];
  let { from } = start;
  for (; from < ordered.length && events.length < pageSizeOf(query, tokens); from += 1) {
    const event = ordered[from];
    if (event && matches(event)) events.push(event);
  }
  if (ordered.slice(from).some(matches)) {
    return { events, nextPageToken: pageTokenOf(calendar, query, tokens, { ...start, from }) };
  }
  return isFiltered(query)
    ? { events }
    : { events, nextSyncToken: syncTokenOf(calendar, query, tokens, start.listedAt) };
};

/** Google's guide restricts a first list with timeMin. */
const isFiltered = ({ orderBy, q, iCalUID, updatedMin, ...query }: EventQuery): boolean =>
  [orderBy, q, iCalUID, updatedMin].some((filter) => filter !== undefined) ||
  query.privateExtendedProperty.length > 0 ||
  query.sharedExtendedProperty.length > 0;

/** Lists the changed events in the order of their changes. A change during the listing comes last. */
const listChanges = (calendar: Calendar, query: EventQuery, tokens: Tokens, text: string): EventPage => {
  if (isFiltered(query) || query.timeMin !== undefined || query.timeMax !== undefined) {
    throw new GoogleError(googleErrors.syncTokenWithRequestRestrictions);
  }
  if (query.showDeleted === false) throw new GoogleError(googleErrors.syncTokenWithRequestRestrictions);
  const token = readSyncToken(text);
  if (!token || token.calendarId !== calendar.id || isExpired(token, tokens)) {
    throw new GoogleError(googleErrors.fullSyncRequired);
  }
  if (token.parameters !== parametersOf(query)) {
    throw invalid('The parameters differ from those of the list that returned the sync token.');
  }
  const { revision } = tokens;
  const { from } = startOf(calendar, query, tokens, { from: token.revision, listedAt: revision });
  const changed = changesAfter(calendar, query, from);
  const events = changed.slice(0, pageSizeOf(query, tokens));
  const last = events.at(-1)?.revision ?? from;
  return events.length < changed.length
    ? { events, nextPageToken: pageTokenOf(calendar, query, tokens, { from: last, listedAt: revision }) }
    : { events, nextSyncToken: syncTokenOf(calendar, query, tokens, Math.max(revision, last)) };
};

/**
 * "Sometimes sync tokens are invalidated by the server, for various reasons including token expiration or changes in related
 * ACLs": https://developers.google.com/workspace/calendar/api/guides/sync
 */
const isExpired = ({ epoch, revision, issuedAt }: SyncToken, tokens: Tokens): boolean =>
  epoch !== tokens.epoch || revision < tokens.sharedAt || issuedAt + tokens.syncTokenMs <= tokens.now;

const changesAfter = (
  calendar: Calendar,
  query: EventQuery,
  after: SyncToken['revision'],
): readonly StoredEvent[] =>
  [...calendar.events.values()]
    .filter(
      (event) =>
        event.revision > after && query.eventTypes.includes(event.eventType) && isListed(event, query),
    )
    .sort((a, b) => a.revision - b.revision);
