/**
 * Completes the changes of a change query, which leaves out what makes an event ours, the status of occurrences, and
 * where an event outside the window is. Requests are made one after the other: a call holds one of the mailbox's four
 * places.
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { optionalField } from '../optional-field.ts';
import type { CallContext, ConnectedAccount, EventMark, ListedChange, ListedEvent } from '../ports.ts';
import type { LeftOut } from '../unreadable-events.ts';
import { calendarPath, mainCalendar } from './calendar-name.ts';
import { canBeOurs } from './event.ts';
import { eventIdIn, marksIn, withMarks } from './event-marks.ts';
import { answerOfRoom, attendeesSchema } from './event-room.ts';
import { type GraphClient, pathOfLink } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import type { Mailboxes } from './mailbox.ts';
import { eventsPerPage, maxEventPages } from './settings.ts';
import {
  outlookBusyKind,
  ownersAnswer,
  timedEventFields,
  timedEventSchema,
  timesOf,
  zoneOf,
} from './timed-event.ts';

/** What tells the kinds of changes apart. Of a removed event, only the id is guaranteed. */
export const changeSchema = z.looseObject({
  id: z.string(),
  '@removed': z.unknown().optional(),
  type: optionalField(z.string()).describe('singleInstance, occurrence, exception or seriesMaster'),
  seriesMasterId: optionalField(z.string()),
  transactionId: optionalField(z.string()),
});
type Change = z.infer<typeof changeSchema>;

const eventSchema = timedEventSchema.extend({
  '@odata.etag': optionalField(z.string()),
  type: optionalField(z.string()),
  seriesMasterId: optionalField(z.string()),
  attendees: optionalField(attendeesSchema),
});
type Event = z.infer<typeof eventSchema>;

const fields = `${timedEventFields},type,seriesMasterId`;

const instancesSchema = z.object({
  value: z.array(z.unknown()).describe('Read one by one'),
  '@odata.nextLink': optionalField(z.string()),
});

/** The window of a listing, [from, until). */
export interface Window {
  readonly from: Instant;
  readonly until: Instant;
}

export interface CalendarRequest {
  readonly operation: ProviderOperation;
  readonly connection: ConnectedAccount;
  readonly calendarId: string;
  readonly call: CallContext;
  /** What cannot be read is added to it, and what is stored of it stays. */
  readonly leftOut: LeftOut;
}

interface PageRequest extends CalendarRequest {
  /** The ids of events and series that the calendar does not have. */
  readonly missing: Set<string>;
}

export interface ChangedEvents {
  /** Returns the changes of one page. @throws {ProviderError} also when the calendar does not exist any more */
  complete(
    request: CalendarRequest,
    changes: readonly Change[],
    window: Window,
  ): Promise<readonly ListedChange[]>;
}

const seriesMaster = 'seriesMaster';

/** Creates the reader. */
export const createChangedEvents = (client: GraphClient, mailboxes: Mailboxes): ChangedEvents => {
  /** Returns the event; undefined when the calendar has none with this id. */
  const find = async (request: PageRequest, id: string): Promise<Event | 'unreadable' | undefined> => {
    try {
      const select = `${fields},attendees`;
      const found = await read(request, z.unknown(), `${pathOf(request, id)}?$select=${select}&${withMarks}`);
      return request.leftOut.read(eventSchema, [found], { by: 'id', id })[0] ?? 'unreadable';
    } catch (error) {
      if (!isNotFound(error)) throw error;
      request.missing.add(id);
      return undefined;
    }
  };

  const read = <Shape extends z.ZodType>(
    { operation, connection, calendarId, call }: CalendarRequest,
    answer: Shape,
    path: string,
  ): Promise<z.output<Shape>> =>
    client.exchange(operation, connection, call, answer, {
      method: 'get',
      path,
      isOwnCalendar: calendarId === mainCalendar,
    });

  /** https://learn.microsoft.com/graph/api/calendar-get @throws {ProviderError} `not_found` when the calendar does not exist */
  const requireCalendar = (request: PageRequest): Promise<unknown> =>
    read(request, z.unknown(), `${calendarPath(request.calendarId)}?$select=id`);

  /** Returns nothing for an event whose times cannot be read: that is no deletion. */
  const toChange = async (request: CalendarRequest, event: Event): Promise<ListedChange | undefined> => {
    const mailboxZone = event.isAllDay ? await mailboxes.zone(request) : undefined;
    const listed = eventOf(event, mailboxZone);
    if (!listed) {
      request.leftOut.add('unreadable_event: time', { by: 'id', id: event.id });
      return undefined;
    }
    return {
      id: event.id,
      series: event.seriesMasterId,
      uid: event.iCalUId,
      event: listed,
      mark: markOf(event),
      roomAnswer: roomAnswerOf(event),
    };
  };

  /**
   * An event outside the window is listed as removed, whatever has happened to it. So a removed event that is there counts
   * as deleted only when it is inside the window: then it lies among the deleted items.
   */
  const readRemoved = async (
    request: PageRequest,
    id: string,
    { from, until }: Window,
  ): Promise<ListedChange | undefined> => {
    const found = await find(request, id);
    if (found === 'unreadable') return undefined;
    if (!found || found.type === seriesMaster) return { id };
    const change = await toChange(request, found);
    const isInside = change?.event && change.event.end > from && change.event.start < until;
    return isInside ? { id } : change;
  };

  /** Only an event of ours needs its marks, and so another request. */
  const readSingle = async (request: PageRequest, change: Change): Promise<ListedChange | undefined> => {
    const listed = eventSchema.safeParse(change).data;
    if (listed && !canBeOurs(change.transactionId)) return toChange(request, listed);
    const found = await find(request, change.id);
    if (found === 'unreadable') return undefined;
    return found ? toChange(request, found) : { id: change.id };
  };

  /**
   * Returns every occurrence in the window: https://learn.microsoft.com/graph/api/event-list-instances. An event of ours
   * that a person has repeated is the master of a series, and is where its first occurrence is.
   */
  const readSeries = async (
    request: PageRequest,
    id: string,
    master: Change | undefined,
    { from, until }: Window,
  ): Promise<readonly ListedChange[]> => {
    const ours = master && canBeOurs(master.transactionId) ? await readSingle(request, master) : undefined;
    // What is not among the occurrences any more was deleted.
    const changes: ListedChange[] = [ours?.mark ? ours : { id }];
    let path = `${pathOf(request, id)}/instances?${[
      `startDateTime=${from}`,
      `endDateTime=${until}`,
      `$top=${eventsPerPage}`,
      `$select=${fields}`,
      withMarks,
    ].join('&')}`;
    try {
      for (let page = 0; page < maxEventPages; page += 1) {
        const { value, '@odata.nextLink': next } = await read(request, instancesSchema, path);
        for (const event of request.leftOut.read(eventSchema, value, { by: 'series', series: id })) {
          const change = await toChange(request, event);
          if (change) changes.push({ ...change, series: id, mark: ours?.mark ?? change.mark });
        }
        if (next === undefined) return changes;
        path = pathOfLink(next);
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
      request.missing.add(id);
      return [{ id }];
    }
    throw graphError(request.operation, {
      code: 'too_many_events',
      message: `a series has more than ${maxEventPages * eventsPerPage} occurrences in the window`,
    });
  };

  return {
    complete: async (page, changes, window) => {
      const request: PageRequest = { ...page, missing: new Set() };
      const latest = [...new Map(changes.map((change) => [change.id, change])).values()];
      const series = new Set(latest.flatMap((change) => seriesOf(change) ?? []));
      const completed: ListedChange[] = [];
      for (const change of latest) {
        if (!isRemoved(change) && seriesOf(change) !== undefined) continue;
        const read = isRemoved(change)
          ? await readRemoved(request, change.id, window)
          : await readSingle(request, change);
        if (read) completed.push(read);
      }
      for (const id of series) {
        const master = latest.find((change) => change.id === id);
        for (const change of await readSeries(request, id, master, window)) completed.push(change);
      }
      // In a calendar that was deleted meanwhile, or is no longer shared, every event is missing.
      if (request.missing.size > 0) await requireCalendar(request);
      return completed;
    },
  };
};

const isRemoved = (change: Change): boolean =>
  change['@removed'] !== undefined && change['@removed'] !== null;

/** Returns the id of the series that the change belongs to. */
const seriesOf = (change: Change): string | undefined => {
  if (isRemoved(change)) return undefined;
  return change.type === seriesMaster ? change.id : (change.seriesMasterId ?? undefined);
};

const pathOf = ({ calendarId }: CalendarRequest, id: string): string =>
  `${calendarPath(calendarId)}/events/${encodeURIComponent(id)}`;

const isNotFound = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'not_found';

/** Returns undefined for an event without readable times: it blocks none. */
const eventOf = (event: Event, mailboxZone: string | undefined): ListedEvent | undefined => {
  const times = timesOf(event, mailboxZone);
  if (!times) return undefined;
  return {
    start: times.start,
    end: toInstant(Math.max(toEpochMs(times.start), toEpochMs(times.end))),
    zone: zoneOf(event, mailboxZone),
    isAllDay: event.isAllDay ?? false,
    busy: outlookBusyKind(event),
    etag: event['@odata.etag'],
    answer: ownersAnswer(event),
  };
};

/** Of the guests, only the room that we have added is read. */
const roomAnswerOf = ({ attendees, singleValueExtendedProperties: properties }: Event) => {
  const { room } = marksIn(properties) ?? {};
  return room === undefined ? undefined : answerOfRoom(attendees, room);
};

const markOf = ({ singleValueExtendedProperties: properties }: Event): EventMark | undefined => {
  const marks = marksIn(properties);
  const eventId = eventIdIn(properties);
  return marks && eventId !== undefined
    ? { eventId, reference: marks.reference, revision: marks.revision }
    : undefined;
};
