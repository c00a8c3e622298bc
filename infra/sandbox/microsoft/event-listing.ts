/** Implements the collections of events and the calendar view: filters, sorts and pages. */
import { DateTime } from 'luxon';
import { dayMs } from '../time.ts';
import type { Calendar } from './calendars.ts';
import { GraphError } from './errors.ts';
import { renderEvent, type StoredEvent } from './event.ts';
import { type CollectionQuery, readExpand, readFilter, selectFrom } from './odata.ts';
import type { Preferences } from './preferences.ts';

/** The longest view: https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode */
const longestViewMs = 2 * 366 * dayMs;

/** A time without an offset is read in UTC, whatever zone is preferred. */
const boundOf = (text: string | undefined): number => {
  if (text === undefined) {
    throw new GraphError(
      400,
      'ErrorInvalidParameter',
      'This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.',
    );
  }
  const read = DateTime.fromISO(text, { zone: 'utc' });
  if (read.isValid) return read.toMillis();
  throw new GraphError(400, 'ErrorInvalidParameter', `The value '${text}' is not a valid DateTime.`);
};

/** Returns the window of a view, epoch milliseconds. @throws {GraphError} a 400 for an invalid one. */
export const viewWindow = (start: string | undefined, end: string | undefined) => {
  const from = boundOf(start);
  const until = boundOf(end);
  if (until < from) {
    throw new GraphError(400, 'ErrorInvalidParameter', 'The EndDateTime must be after the StartDateTime.');
  }
  if (until - from > longestViewMs) {
    throw new GraphError(400, 'ErrorCalendarViewRangeTooBig', 'The requested view is too long.');
  }
  return { from, until };
};

const inView = ({ startDateTime, endDateTime }: CollectionQuery) => {
  const { from, until } = viewWindow(startDateTime, endDateTime);
  return ({ startMs, endMs }: StoredEvent) => endMs > from && startMs < until;
};

/** @param createdBefore in epoch milliseconds. A later event is not found by a property yet. */
const withProperty = (query: CollectionQuery, createdBefore: number) => {
  const wanted = readFilter(query.$filter);
  // Names are compared exactly, values without regard to case.
  return ({ properties, created }: StoredEvent) =>
    wanted === undefined ||
    (created <= createdBefore &&
      properties.some(
        ({ id, value }) => id === wanted.id && value.toLowerCase() === wanted.value.toLowerCase(),
      ));
};

export interface EventPage {
  readonly value: readonly object[];
  readonly next?: number;
}

const pageOf = (
  events: readonly StoredEvent[],
  query: CollectionQuery,
  preferences: Preferences,
  unselectable: readonly string[],
): EventPage => {
  const expanded = readExpand(query.$expand);
  const next = query.$skip + query.$top;
  return {
    value: events.slice(query.$skip, next).map((event) => {
      const rendered = renderEvent(event, preferences, expanded);
      const selectable = Object.keys(rendered).filter((name) => !unselectable.includes(name));
      return selectFrom(rendered, query.$select, selectable);
    }),
    ...(next < events.length ? { next } : {}),
  };
};

const shown = (calendar: Calendar) => [...calendar.events.values()].filter(({ deleted }) => !deleted);

/** The events of a calendar contain series, its view their occurrences. */
const isUnexpanded = ({ series }: StoredEvent) => series === undefined;
const isExpanded = ({ type }: StoredEvent) => type !== 'seriesMaster';

/**
 * Returns one page of the calendar's events.
 *
 * @param createdBefore in epoch milliseconds. A filter finds no later events.
 * @throws {GraphError} a 400 for an invalid query.
 */
export const listEvents = (
  calendar: Calendar,
  query: CollectionQuery,
  preferences: Preferences,
  createdBefore: number,
): EventPage =>
  pageOf(
    shown(calendar).filter(isUnexpanded).filter(withProperty(query, createdBefore)),
    query,
    preferences,
    [],
  );

/** Returns one page of the calendar view, in the order of the starts. @throws {GraphError} a 400 for an invalid query. */
export const listView = (calendar: Calendar, query: CollectionQuery, preferences: Preferences): EventPage => {
  const events = shown(calendar)
    .filter(isExpanded)
    .filter(inView(query))
    .sort((a, b) => a.startMs - b.startMs);
  return pageOf(events, query, preferences, ['createdDateTime', 'lastModifiedDateTime']);
};

/** Returns one page of the occurrences of a series. @throws {GraphError} a 400 for an invalid query or a single event. */
export const listInstances = (
  calendar: Calendar,
  master: StoredEvent,
  query: CollectionQuery,
  preferences: Preferences,
): EventPage => {
  if (master.type !== 'seriesMaster') {
    throw new GraphError(400, 'ErrorInvalidRequest', 'The event is not a recurring event.');
  }
  const events = shown(calendar)
    .filter(({ series }) => series?.immutableId === master.immutableId)
    .filter(inView(query));
  return pageOf(events, query, preferences, []);
};
