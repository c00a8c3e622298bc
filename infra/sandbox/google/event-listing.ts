/** Implements events.list: filters, sorts and pages the events of a calendar. */
import { z } from 'zod';
import type { Calendar } from './calendars.ts';
import { GoogleError, invalid } from './errors.ts';
import { eventTypes, type StoredEvent } from './event.ts';
import { readInstant } from './event-time.ts';

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
  showDeleted: flag.default(false),
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
}

const readPageToken = (token: string | undefined): number => {
  if (token === undefined) return 0;
  const offset = Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isInteger(offset) || offset < 1) throw invalid('Invalid page token value.');
  return offset;
};

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

/** Matches events that overlap the window: timeMin is an exclusive bound of the end, timeMax of the start. */
const matcher = (query: EventQuery) => {
  const from = query.timeMin === undefined ? -Infinity : readInstant(query.timeMin, 'timeMin');
  const until = query.timeMax === undefined ? Infinity : readInstant(query.timeMax, 'timeMax');
  const updated = query.updatedMin === undefined ? -Infinity : readInstant(query.updatedMin, 'updatedMin');
  if (until <= from) throw invalid('The requested minimum must be before the maximum.');
  return (event: StoredEvent) =>
    (query.showDeleted || event.status !== 'cancelled') &&
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
 * Returns one page of the calendar's events.
 *
 * @throws {GoogleError} a 400 for a contradictory query, a 410 for a sync token.
 */
export const listEvents = (calendar: Calendar, query: EventQuery): EventPage => {
  if (query.syncToken !== undefined) {
    const message = 'The sandbox does not support sync tokens. Sync in full.';
    throw new GoogleError({ code: 410, reason: 'fullSyncRequired', message });
  }
  if (query.orderBy === 'startTime' && !query.singleEvents) {
    throw invalid('The requested ordering is not available for the particular query.');
  }
  const events = [...calendar.events.values()].filter(matcher(query));
  if (query.orderBy === 'startTime') events.sort((a, b) => a.startMs - b.startMs);
  if (query.orderBy === 'updated') events.sort((a, b) => a.revision - b.revision);
  const offset = readPageToken(query.pageToken);
  const next = offset + query.maxResults;
  return {
    events: events.slice(offset, next),
    ...(next < events.length ? { nextPageToken: Buffer.from(String(next)).toString('base64url') } : {}),
  };
};
