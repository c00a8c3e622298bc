/**
 * Reads the events that block time in a calendar. Unlike a free/busy query, it can tell our own events from others:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events/list
 */
import { z } from 'zod';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import { startOfDay } from '../../domain/time/start-of-day.ts';
import { operationOf } from '../operations.ts';
import type { BusyEvent, CallContext, ConnectedAccount } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import { googleError } from './errors.ts';
import { referenceProperty } from './event.ts';
import { firstGenerationOf } from './event-ids.ts';
import { eventsPerPage, maxEventPages } from './settings.ts';

const listOperation = operationOf('google', 'calendar.listEvents');

const timeSchema = z.object({ date: z.iso.date().optional(), dateTime: z.string().optional() });

const eventSchema = z.object({
  id: z.string(),
  status: z.string().default('confirmed'),
  transparency: z.string().default('opaque'),
  eventType: z.string().default('default'),
  start: timeSchema.optional(),
  end: timeSchema.optional(),
  attendees: z
    .array(z.object({ self: z.boolean().default(false), responseStatus: z.string().optional() }))
    .default([]),
  extendedProperties: z.object({ private: z.record(z.string(), z.string()).optional() }).optional(),
});
type ListedEvent = z.infer<typeof eventSchema>;

const pageSchema = z.object({
  timeZone: z.string(),
  nextPageToken: z.string().optional(),
  items: z.array(eventSchema).default([]),
});

/** The fields of `pageSchema`, so that Google does not send the texts of the events. */
const fields = `timeZone,nextPageToken,items(${[
  'id,status,transparency,eventType,start,end',
  'attendees(self,responseStatus)',
  `extendedProperties/private/${referenceProperty}`,
].join(',')})`;

/**
 * Returns the events of a calendar that block time.
 *
 * @throws {ProviderError} also when the list has no end: an incomplete list must not count as free time.
 */
export const queryBusyEvents = async (
  client: GoogleClient,
  connection: ConnectedAccount,
  calendarId: string,
  { from, until }: { readonly from: Instant; readonly until: Instant },
  call: CallContext,
): Promise<readonly BusyEvent[]> => {
  const busy: BusyEvent[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < maxEventPages; page += 1) {
    const request = {
      calendarId,
      timeMin: from,
      timeMax: until,
      singleEvents: true,
      maxResults: eventsPerPage,
      // Of a longer list of attendees, Google returns the owner of the calendar only.
      maxAttendees: 1,
      fields,
      ...(pageToken === undefined ? {} : { pageToken }),
    };
    const answer = await client.exchange(listOperation, connection, call, pageSchema, (calendar, options) =>
      calendar.events.list(request, options),
    );
    busy.push(
      ...answer.items.filter(blocksTime).flatMap((event) => {
        const interval = intervalOf(event, answer.timeZone);
        const reference = event.extendedProperties?.private?.[referenceProperty];
        return interval ? [{ ...interval, eventId: firstGenerationOf(event.id), reference }] : [];
      }),
    );
    pageToken = answer.nextPageToken;
    if (pageToken === undefined) return busy;
  }
  throw googleError(listOperation, {
    code: 'too_many_events',
    message: `the calendar has more than ${maxEventPages * eventsPerPage} events in the window`,
  });
};

/**
 * Working locations and birthdays never block time. Focus time and absences are opaque:
 * https://developers.google.com/workspace/calendar/api/guides/calendar-status
 */
const freeTypes: ReadonlySet<string> = new Set(['workingLocation', 'birthday']);

/** Returns whether the event counts as busy, as in a free/busy query. Tentative and unanswered events do. */
const blocksTime = ({ status, transparency, eventType, attendees }: ListedEvent): boolean =>
  status !== 'cancelled' &&
  transparency !== 'transparent' &&
  !freeTypes.has(eventType) &&
  !attendees.some(({ self, responseStatus }) => self && responseStatus === 'declined');

/** An event without times, such as a cancelled occurrence, and an event of no duration block no time. */
const intervalOf = ({ start, end }: ListedEvent, zone: string): BusyInterval | undefined => {
  const begins = instantOf(start, zone);
  const ends = instantOf(end, zone);
  return begins !== undefined && ends !== undefined && begins < ends
    ? { start: begins, end: ends }
    : undefined;
};

/** A date begins at midnight in the calendar's zone. */
const instantOf = (time: ListedEvent['start'], zone: string): Instant | undefined => {
  if (time?.dateTime !== undefined) return instantSchema.parse(new Date(time.dateTime).toISOString());
  return time?.date === undefined ? undefined : startOfDay(time.date, zone);
};
