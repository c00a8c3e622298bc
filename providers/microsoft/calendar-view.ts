/**
 * Reads the events that block time in a calendar, with every series expanded:
 * https://learn.microsoft.com/graph/api/calendar-list-calendarview. It also answers free/busy queries: `getSchedule` knows
 * no calendar but the main one, and no personal account.
 */
import { z } from 'zod';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day } from '../../domain/time/units.ts';
import { failedReadOf } from '../failed-reads.ts';
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
  transactionId: optionalField(z.string()).describe('That of the creation. An occurrence has none'),
  seriesMasterId: optionalField(z.string()).describe('The series of an occurrence'),
});
type ViewedEvent = z.infer<typeof viewedEventSchema>;

/** The event that was created: the event itself, or the series of an occurrence. */
const createdEventSchema = z.object({
  transactionId: optionalField(z.string()).describe('That of the creation'),
  iCalUId: optionalField(z.string()).describe('Of a copy, another one'),
});
type CreatedEvent = z.infer<typeof createdEventSchema>;

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

  /** Returns the function that reads each series once; undefined for one that Graph does not return: its occurrences are busy. */
  const createSeriesReader = (connection: ConnectedAccount, calendarId: string, call: CallContext) => {
    const known = new Map<string, CreatedEvent | undefined>();
    return async (id: string): Promise<CreatedEvent | undefined> => {
      if (known.has(id)) return known.get(id);
      const path = `${calendarPath(calendarId)}/events/${encodeURIComponent(id)}?$select=transactionId,iCalUId`;
      const isOwnCalendar = calendarId === mainCalendar;
      const request = { method: 'get', path, isOwnCalendar } as const;
      try {
        known.set(id, await client.exchange(listOperation, connection, call, createdEventSchema, request));
      } catch (error) {
        if (failedReadOf(error, call).kind !== 'lasting') throw error;
        known.set(id, undefined);
      }
      return known.get(id);
    };
  };

  return async (connection, calendarId, window, call) => {
    const zone = () => mailboxes.zone({ operation: listOperation, connection, call });
    const busy: BusyEvent[] = [];
    const leftOut = createLeftOut(connection, calendarId, reportUnreadable);
    const readSeries = createSeriesReader(connection, calendarId, call);
    let path = viewPath(calendarId, window);
    for (let page = 0; page < maxEventPages; page += 1) {
      const answer = await readPage(connection, call, path, calendarId);
      const blocking = leftOut.read(viewedEventSchema, answer.value).flatMap(blockingEvent);
      const mailboxZone = blocking.some(({ event }) => event.isAllDay) ? await zone() : undefined;
      for (const found of blocking) {
        const interval = intervalOf(found.event, mailboxZone, window, leftOut);
        if (!interval) continue;
        const created = await createdEventOf(found.event, readSeries);
        busy.push({ ...interval, busy: found.busy, ...identityOf(found.event, created) });
      }
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

/** Undefined: the event blocks no time in the window. */
const intervalOf = (
  event: ViewedEvent,
  mailboxZone: string | undefined,
  { from, until }: Window,
  leftOut: LeftOut,
): { readonly start: Instant; readonly end: Instant } | undefined => {
  const interval = timesOf(event, mailboxZone);
  if (!interval) leftOut.add('unreadable_event: time');
  // An event of no duration blocks no time.
  if (!interval || interval.start >= interval.end) return undefined;
  reportZone(leftOut, unknownZoneOf(event));
  const { start, end } = interval;
  return end <= from || start >= until ? undefined : { start, end };
};

/**
 * Returns the created event. An occurrence has the marks of its series, but neither the transaction id nor the UID of its creation. Its
 * series is read: a person has made it of our event, or of a copy.
 */
const createdEventOf = async (
  event: ViewedEvent,
  readSeries: (id: string) => Promise<CreatedEvent | undefined>,
): Promise<CreatedEvent | undefined> => {
  const { seriesMasterId, singleValueExtendedProperties: properties } = event;
  return seriesMasterId === undefined || eventIdIn(properties) === undefined
    ? event
    : readSeries(seriesMasterId);
};

/** A copy has the marks of its original, and possibly the transaction id: then its UID tells it (`EventCreation`). */
const identityOf = (
  { id, iCalUId: uid, singleValueExtendedProperties: properties }: ViewedEvent,
  created: CreatedEvent | undefined,
): Pick<BusyEvent, 'eventId' | 'uid' | 'reference' | 'creation'> => {
  if (!created || !canBeOurs(created.transactionId)) return { eventId: id, uid };
  const reference = marksIn(properties)?.reference;
  return { eventId: eventIdIn(properties) ?? id, uid, reference, creation: creationOf(created) };
};
