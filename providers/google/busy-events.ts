/**
 * Reads the events that block time in a calendar. Unlike a free/busy query, it can tell our own events from others:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events/list
 */
import { z } from 'zod';
import type { Instant } from '../../domain/time/instant.ts';
import { nextPageField } from '../next-page.ts';
import { operationOf } from '../operations.ts';
import { optionalField } from '../optional-field.ts';
import type { BusyEvent, CallContext, ConnectedAccount } from '../ports.ts';
import { createLeftOut, type ReportUnreadable, reportZone } from '../unreadable-events.ts';
import type { GoogleClient } from './client.ts';
import { googleError } from './errors.ts';
import { referenceProperty } from './event.ts';
import { firstGenerationOf } from './event-ids.ts';
import { eventsPerPage, maxEventPages } from './settings.ts';
import { googleBusyKind, timedEventFields, timedEventSchema, timesOf, unknownZoneOf } from './timed-event.ts';

const listOperation = operationOf('google', 'calendar.listEvents');

const pageSchema = z.object({
  /** Google always sends it. Emulators do not. */
  timeZone: optionalField(z.string())
    .transform((zone) => zone || 'UTC')
    .describe('The zone of the calendar'),
  nextPageToken: nextPageField.describe('Missing on the last page'),
  items: z.array(z.unknown()).nullish().describe('Read one by one'),
});

/** The fields of `pageSchema`, so that Google does not send the texts of the events. */
const fields = `timeZone,nextPageToken,items(${[
  timedEventFields,
  `extendedProperties/private/${referenceProperty}`,
].join(',')})`;

/**
 * Returns the events of a calendar that block time. One that cannot be read is left out and reported.
 *
 * @throws {ProviderError} also when the list has no end: an incomplete list must not count as free time.
 */
export const queryBusyEvents = async (
  client: GoogleClient,
  connection: ConnectedAccount,
  calendarId: string,
  { from, until }: { readonly from: Instant; readonly until: Instant },
  call: CallContext,
  reportUnreadable: ReportUnreadable = () => {},
): Promise<readonly BusyEvent[]> => {
  const leftOut = createLeftOut(connection, calendarId, reportUnreadable);
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
    for (const event of leftOut.read(timedEventSchema, answer.items ?? [])) {
      const kind = googleBusyKind(event);
      const interval = kind === 'free' ? 'missing' : timesOf(event, answer.timeZone);
      if (interval === 'unreadable') leftOut.add('unreadable_event: time');
      // An event without times, such as a cancelled occurrence, and an event of no duration block no time.
      if (kind === 'free' || typeof interval === 'string' || interval.start >= interval.end) continue;
      const reference = event.extendedProperties?.private?.[referenceProperty];
      reportZone(leftOut, unknownZoneOf(event, answer.timeZone));
      const { id, iCalUID: uid } = event;
      busy.push({ ...interval, busy: kind, eventId: firstGenerationOf(id), uid, reference });
    }
    pageToken = answer.nextPageToken;
    if (pageToken === undefined) {
      leftOut.report();
      return busy;
    }
  }
  throw googleError(listOperation, {
    code: 'too_many_events',
    message: `the calendar has more than ${maxEventPages * eventsPerPage} events in the window`,
  });
};
