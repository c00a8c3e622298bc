/**
 * Reads the events that block time in a calendar. Unlike a free/busy query, it can tell our own events from others:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events/list
 */
import { z } from 'zod';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { operationOf } from '../operations.ts';
import type { BusyEvent, CallContext, ConnectedAccount } from '../ports.ts';
import type { GoogleClient } from './client.ts';
import { googleError } from './errors.ts';
import { referenceProperty } from './event.ts';
import { firstGenerationOf } from './event-ids.ts';
import { eventsPerPage, maxEventPages } from './settings.ts';
import {
  googleBusyKind,
  instantOf,
  type TimedEvent,
  timedEventFields,
  timedEventSchema,
} from './timed-event.ts';

const listOperation = operationOf('google', 'calendar.listEvents');

const pageSchema = z.object({
  /** Google always sends it. Emulators do not. */
  timeZone: z.string().default('UTC'),
  nextPageToken: z.string().optional(),
  items: z.array(timedEventSchema).default([]),
});

/** The fields of `pageSchema`, so that Google does not send the texts of the events. */
const fields = `timeZone,nextPageToken,items(${[
  timedEventFields,
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
      ...answer.items.flatMap((event) => {
        const busy = googleBusyKind(event);
        if (busy === 'free') return [];
        const interval = intervalOf(event, answer.timeZone);
        const reference = event.extendedProperties?.private?.[referenceProperty];
        return interval ? [{ ...interval, busy, eventId: firstGenerationOf(event.id), reference }] : [];
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

/** An event without times, such as a cancelled occurrence, and an event of no duration block no time. */
const intervalOf = ({ start, end }: TimedEvent, zone: string): BusyInterval | undefined => {
  const begins = instantOf(start, zone);
  const ends = instantOf(end, zone);
  return begins !== undefined && ends !== undefined && begins < ends
    ? { start: begins, end: ends }
    : undefined;
};
