/**
 * Reads the events that block time in a calendar, with every series expanded:
 * https://learn.microsoft.com/graph/api/calendar-list-calendarview. It also answers free/busy queries: `getSchedule` knows
 * no calendar but the main one, and no personal account.
 */
import { z } from 'zod';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day } from '../../domain/time/units.ts';
import { nextPageField } from '../next-page.ts';
import { operationOf } from '../operations.ts';
import { optionalField } from '../optional-field.ts';
import type { BusyEvent, CallContext, ConnectedAccount } from '../ports.ts';
import { createLeftOut, type LeftOut, type ReportUnreadable, reportZone } from '../unreadable-events.ts';
import { calendarPath, mainCalendar } from './calendar-name.ts';
import { canBeOurs, creationOf } from './event.ts';
import { eventIdIn, marksIn, withMarks } from './event-marks.ts';
import { type GraphClient, pathOfLink } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import type { Mailboxes } from './mailbox.ts';
import { eventsPerPage, maxEventPages } from './settings.ts';
import {
  outlookBusyKind,
  timedEventFields,
  timedEventSchema,
  timesOf,
  unknownZoneOf,
} from './timed-event.ts';

const listOperation = operationOf('microsoft', 'calendar.listEvents');

/** The items are read one by one, so that one that cannot be read does not fail the page. */
const pageSchema = z.object({ value: z.array(z.unknown()), '@odata.nextLink': nextPageField });

/** What tells our event from a copy that a person has made of it. */
const viewedEventSchema = timedEventSchema.extend({
  transactionId: optionalField(z.string()).describe('That of the creation'),
  seriesMasterId: optionalField(z.string()).describe('The series of an occurrence, which has none'),
});
type ViewedEvent = z.infer<typeof viewedEventSchema>;

interface Window {
  readonly from: Instant;
  readonly until: Instant;
}

/** Returns the events of one calendar that block time within [from, until). @throws {ProviderError} */
export type QueryBusyEvents = (
  connection: ConnectedAccount,
  calendarId: string,
  window: Window,
  call: CallContext,
) => Promise<readonly BusyEvent[]>;

/** Creates the query. Events that cannot be read are left out and reported. It also throws when the list has no end: an incomplete list must not count as free time. */
export const createBusyEventQuery = (
  client: GraphClient,
  mailboxes: Mailboxes,
  reportUnreadable: ReportUnreadable = () => {},
): QueryBusyEvents => {
  const readPage = (connection: ConnectedAccount, call: CallContext, path: string, calendarId: string) =>
    client.exchange(listOperation, connection, call, pageSchema, {
      method: 'get',
      path,
      isOwnCalendar: calendarId === mainCalendar,
    });

  return async (connection, calendarId, window, call) => {
    const zone = () => mailboxes.zone({ operation: listOperation, connection, call });
    const busy: BusyEvent[] = [];
    const leftOut = createLeftOut(connection, calendarId, reportUnreadable);
    let path = viewPath(calendarId, window);
    for (let page = 0; page < maxEventPages; page += 1) {
      const answer = await readPage(connection, call, path, calendarId);
      const blocking = leftOut.read(viewedEventSchema, answer.value).flatMap(blockingEvent);
      const mailboxZone = blocking.some(({ event }) => event.isAllDay) ? await zone() : undefined;
      busy.push(...blocking.flatMap((found) => busyEventOf(found, mailboxZone, window, leftOut)));
      const next = answer['@odata.nextLink'];
      if (next === undefined) {
        leftOut.report();
        return busy;
      }
      path = pathOfLink(next);
    }
    throw graphError(listOperation, {
      code: 'too_many_events',
      message: `the calendar has more than ${maxEventPages * eventsPerPage} events in the window`,
    });
  };
};

/** An event that lasts all day is listed by its dates, which begin up to 14 hours earlier or 12 hours later elsewhere. */
const viewPath = (calendarId: string, { from, until }: Window): string =>
  `${calendarPath(calendarId)}/calendarView?${[
    `startDateTime=${toInstant(toEpochMs(from) - day)}`,
    `endDateTime=${toInstant(toEpochMs(until) + day)}`,
    `$top=${eventsPerPage}`,
    `$select=${timedEventFields},transactionId,seriesMasterId`,
    withMarks,
  ].join('&')}`;

interface BlockingEvent {
  readonly event: ViewedEvent;
  readonly busy: BusyEvent['busy'];
}

const blockingEvent = (event: ViewedEvent): readonly BlockingEvent[] => {
  const busy = outlookBusyKind(event);
  return busy === 'free' ? [] : [{ event, busy }];
};

const busyEventOf = (
  { event, busy }: BlockingEvent,
  mailboxZone: string | undefined,
  { from, until }: Window,
  leftOut: LeftOut,
): readonly BusyEvent[] => {
  const interval = timesOf(event, mailboxZone);
  if (!interval) leftOut.add('unreadable_event: time');
  // An event of no duration blocks no time.
  if (!interval || interval.start >= interval.end) return [];
  reportZone(leftOut, unknownZoneOf(event));
  if (interval.end <= from || interval.start >= until) return [];
  const { id, iCalUId: uid, singleValueExtendedProperties: properties } = event;
  if (!hasOurMarks(event)) return [{ ...interval, busy, eventId: id, uid }];
  const eventId = eventIdIn(properties) ?? id;
  const reference = marksIn(properties)?.reference;
  return [{ ...interval, busy, eventId, uid, reference, creation: creationOf(event) }];
};

/**
 * A copy has the marks of its original, and possibly the transaction id: then its UID tells it (`EventCreation`). An occurrence has
 * the marks of its series, which a person has made of our event.
 */
const hasOurMarks = ({ transactionId, seriesMasterId }: ViewedEvent): boolean =>
  seriesMasterId !== undefined || canBeOurs(transactionId);
