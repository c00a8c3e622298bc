/**
 * Completes the changes of a change query, which leaves out what makes an event ours, the status of occurrences, and
 * where an event outside the window is. Each of these needs a request of its own.
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { type FailedRead, failedReadOf, faultOfRead } from '../failed-reads.ts';
import { nextPageField } from '../next-page.ts';
import { optionalField } from '../optional-field.ts';
import type { CallContext, ConnectedAccount, EventMark, ListedChange, ListedEvent } from '../ports.ts';
import { editedTexts } from '../text-digest.ts';
import { type LeftOut, reportZone } from '../unreadable-events.ts';
import { calendarPath, mainCalendar } from './calendar-name.ts';
import { canBeOurs, creationOf, graphTextsSchema, storedTextsOf } from './event.ts';
import { eventIdIn, marksIn, withMarks } from './event-marks.ts';
import { answerOfRoom, attendeesSchema } from './event-room.ts';
import { type GraphClient, pathOfLink } from './graph-client.ts';
import { graphError } from './graph-errors.ts';
import type { UnreadChange } from './listing-place.ts';
import type { Mailboxes } from './mailbox.ts';
import { eventsPerPage, eventsPerSlowPage, maxEventPages } from './settings.ts';
import {
  outlookBusyKind,
  ownersAnswer,
  timedEventFields,
  timedEventSchema,
  timesOf,
  unknownZoneOf,
  zoneOf,
} from './timed-event.ts';

/** What tells the kinds of changes apart. Of a removed event, only the id is guaranteed. */
export const changeSchema = z.looseObject({
  id: z.string().min(1),
  '@removed': z.unknown().optional(),
  type: optionalField(z.string()).describe('singleInstance, occurrence, exception or seriesMaster'),
  seriesMasterId: optionalField(z.string()),
  transactionId: optionalField(z.string()),
});
type Change = z.infer<typeof changeSchema>;

const eventSchema = timedEventSchema.extend({
  '@odata.etag': optionalField(z.string()),
  transactionId: optionalField(z.string()).describe('That of the creation. An occurrence has none'),
  type: optionalField(z.string()),
  seriesMasterId: optionalField(z.string()),
  attendees: optionalField(attendeesSchema),
  ...graphTextsSchema.shape,
});
type Event = z.infer<typeof eventSchema>;

const fields = `${timedEventFields},type,seriesMasterId,transactionId`;

/** The texts that are compared with what we have written. They are requested of events that are read one by one. */
const textFields = 'subject,location,isOnlineMeeting';

const instancesSchema = z.object({
  value: z.array(z.unknown()).describe('Read one by one'),
  '@odata.nextLink': nextPageField,
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

/** What reading one change has found. */
interface ReadChange {
  readonly changes: readonly ListedChange[];
  /** Whether Graph has said that the calendar does not have the event or the series. A calendar that is gone has none. */
  readonly isMissing: boolean;
}

/** The request for one change, of which another read of the same event knows nothing. */
interface Reading extends CalendarRequest {
  readonly noteMissing: () => void;
}

/** What a page of a change query says. */
interface SortedChanges {
  /** What the page says completely. */
  readonly complete: readonly ListedChange[];
  /** What needs a request. The series are last. */
  readonly unread: readonly UnreadChange[];
}

export interface ChangedEvents {
  /** Tells what the page says completely from what must be read. @throws {ProviderError} */
  sort(request: CalendarRequest, changes: readonly Change[]): Promise<SortedChanges>;
  /** Reads one change. @throws {ProviderError} */
  read(request: CalendarRequest, change: UnreadChange, window: Window): Promise<ReadChange>;
  /**
   * Names what cannot be read by itself as left out, so that what is stored of it stays. Returns its times as the calendar view has
   * them, from which claims read as well: none when the view cannot be read either.
   *
   * @throws {ProviderError} when the account must wait
   */
  leaveOut(
    request: CalendarRequest,
    change: UnreadChange,
    failed: FailedRead,
    window: Window,
  ): Promise<readonly ListedChange[]>;
  /**
   * In a calendar that was deleted meanwhile, or is no longer shared, every event is missing:
   * https://learn.microsoft.com/graph/api/calendar-get
   *
   * @throws {ProviderError} such as `not_found`, when the calendar itself cannot be read
   */
  requireCalendar(request: CalendarRequest): Promise<void>;
}

const seriesMaster = 'seriesMaster';

/** Creates the reader. */
export const createChangedEvents = (client: GraphClient, mailboxes: Mailboxes): ChangedEvents => {
  /** Returns the event; undefined when the calendar has none with this id. */
  const find = async (request: Reading, id: string): Promise<Event | 'unreadable' | undefined> => {
    try {
      const select = `${fields},attendees,${textFields}`;
      const found = await read(request, z.unknown(), `${pathOf(request, id)}?$select=${select}&${withMarks}`);
      return request.leftOut.read(eventSchema, [found], { by: 'id', id })[0] ?? 'unreadable';
    } catch (error) {
      if (!isNotFound(error)) throw error;
      request.noteMissing();
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

  /** Returns nothing for an event whose times cannot be read: that is no deletion. */
  const toChange = async (request: CalendarRequest, event: Event): Promise<ListedChange | undefined> => {
    const mailboxZone = event.isAllDay ? await mailboxes.zone(request) : undefined;
    const listed = eventOf(event, mailboxZone);
    if (!listed) {
      request.leftOut.add('unreadable_event: time', { by: 'id', id: event.id });
      return undefined;
    }
    reportZone(request.leftOut, unknownZoneOf(event));
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
    request: Reading,
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

  const readEvent = async (request: Reading, id: string): Promise<ListedChange | undefined> => {
    const found = await find(request, id);
    if (found === 'unreadable') return undefined;
    return found ? toChange(request, found) : { id };
  };

  /**
   * Returns every occurrence in the window: https://learn.microsoft.com/graph/api/event-list-instances. An event of ours
   * that a person has repeated is the master of a series, and is where its first occurrence is.
   */
  const readSeries = async (
    request: Reading,
    { id, isOurs, failures = 0 }: Extract<UnreadChange, { kind: 'series' }>,
    { from, until }: Window,
  ): Promise<readonly ListedChange[]> => {
    const pageSize = failures > 0 ? eventsPerSlowPage : eventsPerPage;
    let master = isOurs ? await readEvent(request, id) : undefined;
    let isMasterRead = isOurs;
    const changes: ListedChange[] = [];
    const first = `${pathOf(request, id)}/instances?${[
      `startDateTime=${from}`,
      `endDateTime=${until}`,
      `$top=${pageSize}`,
      `$select=${fields}`,
      withMarks,
    ].join('&')}`;
    let path = first;
    try {
      for (let page = 0; page < maxEventPages; page += 1) {
        const { value, '@odata.nextLink': next } = await read(request, instancesSchema, path);
        for (const event of request.leftOut.read(eventSchema, value, { by: 'series', series: id })) {
          const change = await toChange(request, event);
          if (!change) continue;
          if (change.mark && !isMasterRead) {
            // The occurrences of a copy have our marks as well. A change query does not always return the master.
            master = await readEvent(request, id);
            isMasterRead = true;
          }
          // Each is an occurrence of the series, even one that Graph returns without marks.
          changes.push({ ...change, series: id, mark: master ? master.mark : change.mark });
        }
        // What is not among the occurrences any more was deleted.
        if (next === undefined) return [master?.mark ? master : { id }, ...changes];
        path = pathOfLink(next);
      }
    } catch (error) {
      // Graph does not find a link that has expired, either. That says nothing about the series.
      if (!isNotFound(error) || path !== first) throw error;
      request.noteMissing();
      return [{ id }];
    }
    throw graphError(request.operation, {
      code: 'too_many_events',
      message: `a series has more than ${maxEventPages * pageSize} occurrences in the window`,
    });
  };

  const readChange = async (
    request: Reading,
    change: UnreadChange,
    window: Window,
  ): Promise<readonly ListedChange[]> => {
    if (change.kind === 'series') return readSeries(request, change, window);
    const read =
      change.kind === 'removed'
        ? await readRemoved(request, change.id, window)
        : await readEvent(request, change.id);
    return read ? [read] : [];
  };

  /** Returns the master of a series whose occurrences Graph does not return; undefined when it does not return the master either. */
  const findMaster = (request: CalendarRequest, id: string): Promise<ListedChange | undefined> =>
    readEvent({ ...request, noteMissing: () => {} }, id).catch((error: unknown) => {
      if (failedReadOf(error, request.call).kind === 'account') throw error;
      return undefined;
    });

  /**
   * Returns the events that are the change, or belong to its series: https://learn.microsoft.com/graph/api/calendar-list-calendarview.
   * Its master is read when they have our marks: a person has made the series of our event, or of a copy.
   */
  const findInView = async (
    request: CalendarRequest,
    { id }: UnreadChange,
    { from, until }: Window,
  ): Promise<readonly ListedChange[]> => {
    const found: ListedChange[] = [];
    let path = `${calendarPath(request.calendarId)}/calendarView?${[
      `startDateTime=${from}`,
      `endDateTime=${until}`,
      `$top=${eventsPerPage}`,
      `$select=${fields}`,
      withMarks,
    ].join('&')}`;
    for (let page = 0; page < maxEventPages; page += 1) {
      const { value, '@odata.nextLink': next } = await read(request, instancesSchema, path);
      for (const item of value) {
        const { data: event } = eventSchema.safeParse(item);
        if (event?.id !== id && event?.seriesMasterId !== id) continue;
        const change = await toChange(request, event);
        if (change) found.push({ ...change, isPartial: true });
      }
      if (next === undefined) break;
      path = pathOfLink(next);
    }
    if (!found.some(({ mark }) => mark?.isUnproven)) return found;
    const master = await findMaster(request, id);
    return found.map((change) => ({ ...change, mark: markInSeries(change, master) }));
  };

  return {
    leaveOut: async (request, change, failed, window) => {
      const { kind, id } = change;
      const found =
        kind === 'removed' ? [] : await findInView(request, change, window).catch(notNow(request));
      request.leftOut.add(
        faultOfRead(failed),
        kind === 'series' ? { by: 'series', series: id } : { by: 'id', id },
      );
      if (kind === 'series' && change.isOurs) request.leftOut.add(faultOfRead(failed), { by: 'id', id });
      return found;
    },

    sort: async (request, changes) => {
      const latest = [...new Map(changes.map((change) => [change.id, change])).values()];
      const complete: ListedChange[] = [];
      const unread: UnreadChange[] = [];
      const series = new Map<string, UnreadChange>();
      for (const change of latest) {
        const { id } = change;
        const master = seriesOf(change);
        const event = completeOf(change);
        if (master !== undefined) {
          if (id === master || !series.has(master)) {
            const isOurs = id === master && canBeOurs(change.transactionId);
            series.set(master, { kind: 'series', id: master, isOurs });
          }
        } else if (event) {
          const listed = await toChange(request, event);
          if (listed) complete.push(listed);
        } else unread.push({ kind: isRemoved(change) ? 'removed' : 'event', id });
      }
      return { complete, unread: [...unread, ...series.values()] };
    },

    read: async (request, change, window) => {
      let isMissing = false;
      const noteMissing = () => {
        isMissing = true;
      };
      const changes = await readChange({ ...request, noteMissing }, change, window);
      return { changes, isMissing };
    },

    requireCalendar: async (request) => {
      await read(request, z.unknown(), `${calendarPath(request.calendarId)}?$select=id`);
    },
  };
};

/** A view that fails by itself has nothing to add. */
const notNow =
  ({ call }: CalendarRequest) =>
  (error: unknown): readonly ListedChange[] => {
    if (failedReadOf(error, call).kind === 'account') throw error;
    return [];
  };

const isRemoved = (change: Change): boolean =>
  change['@removed'] !== undefined && change['@removed'] !== null;

/** Only an event of ours needs its marks, and so another request. */
const completeOf = (change: Change): Event | undefined =>
  isRemoved(change) || canBeOurs(change.transactionId) ? undefined : eventSchema.safeParse(change).data;

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

/** An occurrence is ours when its series is. */
const markInSeries = ({ mark }: ListedChange, master: ListedChange | undefined): EventMark | undefined =>
  master && mark?.isUnproven ? master.mark : mark;

/**
 * Only an event that was read by itself has its texts. A copy has the marks of its original, and possibly the transaction id: then its
 * UID tells it (`EventCreation`). An occurrence has the marks of its series, a UID of its own, and no transaction id.
 */
const markOf = (event: Event): EventMark | undefined => {
  const { singleValueExtendedProperties: properties, subject, seriesMasterId, transactionId } = event;
  if (seriesMasterId === undefined && !canBeOurs(transactionId)) return undefined;
  const marks = marksIn(properties);
  const eventId = eventIdIn(properties);
  if (!marks || eventId === undefined) return undefined;
  const edited =
    subject === undefined ? undefined : editedTexts(marks.text, storedTextsOf(event, marks), eventId);
  const proof = seriesMasterId === undefined ? { creation: creationOf(event) } : { isUnproven: true };
  return { eventId, reference: marks.reference, revision: marks.revision, ...proof, edited };
};
