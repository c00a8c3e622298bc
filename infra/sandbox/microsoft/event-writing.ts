/** Implements the creation, update and deletion of events, with Graph's validation rules. */
import { z } from 'zod';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import { dayMs, daysLater } from '../time.ts';
import { type Calendar, type Calendars, exchangeId } from './calendars.ts';
import { GraphError } from './errors.ts';
import {
  type EventDetails,
  type ExtendedProperty,
  entityTag,
  eventDetailsSchema,
  extendedPropertySchema,
  type StoredEvent,
} from './event.ts';
import { type DateTimeZone, dateTimeZoneSchema, readTime, zoneOf } from './event-time.ts';
import { isPropertyId } from './odata.ts';
import type { OnlineMeetings } from './online-meetings.ts';
import { offersTeams } from './person.ts';
import type { Rooms } from './rooms.ts';

/** The event that a client sends. Unknown fields are rejected, as Graph does. */
export const eventBodySchema = z.strictObject({
  ...eventDetailsSchema.shape,
  start: dateTimeZoneSchema.optional(),
  end: dateTimeZoneSchema.optional(),
  isAllDay: z.boolean().optional(),
  recurrence: z.unknown().optional(),
  transactionId: z.string().max(255).optional(),
  singleValueExtendedProperties: z.array(extendedPropertySchema).optional(),
});
type EventBody = z.infer<typeof eventBodySchema>;

/** A series with so many occurrences, every so many days, at the same local time in the zone of the event. */
interface Repetition {
  readonly everyDays: number;
  readonly times: number;
}

export interface EventWriting {
  create(calendar: Calendar, body: EventBody): StoredEvent;
  update(calendar: Calendar, id: string, body: EventBody, ifMatch: string | undefined): StoredEvent;
  remove(calendar: Calendar, id: string, ifMatch: string | undefined): void;
  /** @throws {GraphError} a 404 for an unknown or deleted event. */
  get(calendar: Calendar, id: string): StoredEvent;
  /** Adds an event that the calendar's owner created manually; with `repeat`, a series. */
  addForeign(
    calendar: Calendar,
    body: EventBody,
    about: Pick<StoredEvent, 'response' | 'zone'>,
    repeat?: Repetition,
  ): StoredEvent;
  /** Copies an event with its properties, as its owner does. @throws {GraphError} a 404 for an unknown or deleted event. */
  copy(
    from: Calendar,
    to: Calendar,
    id: string,
    changes: { readonly laterMinutes: number; readonly keepsTransactionId: boolean },
  ): StoredEvent;
  /** Makes an event a series, as its owner does. @throws {GraphError} a 404 for an unknown or deleted event. */
  repeat(calendar: Calendar, id: string, repeat: Repetition): StoredEvent;
  /** Sets the answer of the calendar's owner. */
  respond(calendar: Calendar, id: string, response: StoredEvent['response']): void;
}

const invalid = (message: string): GraphError =>
  new GraphError(
    400,
    'ErrorPropertyValidationFailure',
    `At least one property failed validation. ${message}`,
  );

const detailsOf = (body: EventBody): EventDetails => eventDetailsSchema.parse(body);

const checkProperties = (properties: readonly ExtendedProperty[] = []) => {
  const wrong = properties.find(({ id }) => !isPropertyId(id));
  if (wrong) throw new GraphError(400, 'ErrorInvalidProperty', `The property id is invalid: ${wrong.id}`);
};

const merged = (held: readonly ExtendedProperty[], written: readonly ExtendedProperty[] = []) => {
  const names = new Set(written.map(({ id }) => id.toLowerCase()));
  return [...held.filter(({ id }) => !names.has(id.toLowerCase())), ...written];
};

const existing = (calendar: Calendar, id: string): StoredEvent => {
  const event =
    calendar.events.get(id) ?? [...calendar.events.values()].find((candidate) => candidate.id === id);
  if (event && !event.deleted) return event;
  throw new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
};

const refuseRecurrence = ({ recurrence }: EventBody) => {
  if (recurrence) throw invalid('The sandbox does not expand recurrences yet.');
};

const inUtc = (epochMs: number): DateTimeZone => ({
  dateTime: new Date(epochMs).toISOString(),
  timeZone: 'UTC',
});

/** Creates the write operations on the stored calendars. */
export const createEventWriting = (
  calendars: Calendars,
  settings: MicrosoftSandboxSettings,
  clock: Clock,
  rooms: Pick<Rooms, 'invite' | 'notify'>,
  onlineMeetings: Pick<OnlineMeetings, 'ofEvent'>,
): EventWriting => {
  /**
   * Creates the Teams meeting that the event asks for, and keeps it as the event is. Once the event is an online meeting, changes of
   * `isOnlineMeeting` are ignored. Without Teams, they are ignored from the beginning.
   */
  const withMeeting = (calendar: Calendar, event: StoredEvent): StoredEvent => {
    const { details, deleted, startMs, endMs, onlineMeeting } = event;
    const { isOnlineMeeting, onlineMeetingProvider = 'teamsForBusiness', subject } = details;
    const isWanted =
      event.origin === 'api' && isOnlineMeeting === true && onlineMeetingProvider === 'teamsForBusiness';
    if (!onlineMeeting && (!isWanted || !offersTeams(calendar.owner, settings))) return event;
    const about = { subject, startMs, endMs, deleted };
    return { ...event, onlineMeeting: onlineMeetings.ofEvent(calendar.owner, onlineMeeting?.id, about) };
  };

  /** Stores the event and invites the rooms among its guests. Returns the event as it is stored. */
  const put = (calendar: Calendar, event: StoredEvent, before?: StoredEvent): StoredEvent => {
    const stored = withMeeting(calendar, rooms.invite(event, before));
    calendars.put(calendar, stored);
    rooms.notify(calendar, stored);
    return stored;
  };

  const spanOf = (start: DateTimeZone, end: DateTimeZone, isAllDay: boolean) => {
    // The dates of an event that lasts all day are stored without a zone.
    const read = (time: DateTimeZone) => {
      const instant = readTime(time, settings.unknownZones);
      return isAllDay ? readTime({ ...time, timeZone: 'UTC' }, []) : instant;
    };
    const [startMs, endMs] = [read(start), read(end)];
    if (endMs < startMs) throw invalid('The end of the event is before its start.');
    if (isAllDay) {
      if (start.timeZone !== end.timeZone || startMs % dayMs !== 0 || endMs % dayMs !== 0) {
        throw invalid('The Event.Start property for an all-day event needs to be set to midnight.');
      }
      if (endMs === startMs) throw invalid('The duration of an all-day event must be at least 24 hours.');
    }
    return { startMs, endMs };
  };

  const unchanged = (calendar: Calendar, id: string, ifMatch: string | undefined): StoredEvent => {
    const event = existing(calendar, id);
    if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== entityTag(event)) {
      throw new GraphError(
        412,
        'ErrorIrresolvableConflict',
        'The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.',
      );
    }
    return event;
  };

  /** Returns the event of an earlier creation with the same transaction id, unless Graph rejects the repetition. */
  const repeated = (calendar: Calendar, body: EventBody): StoredEvent | undefined => {
    if (body.transactionId === undefined) return undefined;
    const earlier = calendars.findTransaction(calendar.owner, body.transactionId);
    if (!earlier || (earlier.deleted && settings.deletedTransactions === 'forgotten')) return undefined;
    const isSame = earlier.request === JSON.stringify(body);
    if (settings.duplicateTransaction === 'earlier_event') return earlier;
    if (settings.duplicateTransaction === 'compared' && isSame) return earlier;
    throw new GraphError(
      400,
      'ErrorDuplicateTransactionId',
      "Your request can't be completed. The TransactionId specified in the request has already been used to create a different event.",
    );
  };

  const store = (
    calendar: Calendar,
    body: EventBody,
    about: Pick<StoredEvent, 'origin' | 'response' | 'zone'>,
  ): StoredEvent => {
    refuseRecurrence(body);
    checkProperties(body.singleValueExtendedProperties);
    const { start, end, isAllDay = false } = body;
    if (!start || !end) throw invalid('The event needs a start and an end.');
    const now = clock();
    const event: StoredEvent = {
      immutableId: exchangeId('AAkALgAAAAAAHYQDEapm', calendar.owner),
      id: exchangeId('AAMkAGEv', calendar.owner),
      iCalUId: exchangeId('040000008200E00074C5B7101A82E008', calendar.owner),
      revision: calendars.nextRevision(),
      created: now,
      updated: now,
      ...spanOf(start, end, isAllDay),
      isAllDay,
      details: detailsOf(body),
      properties: body.singleValueExtendedProperties ?? [],
      transactionId: body.transactionId,
      request: JSON.stringify(body),
      deleted: false,
      type: 'singleInstance',
      ...about,
    };
    return put(calendar, event);
  };

  /** Makes the event the master of a series. */
  const repeatEvent = (calendar: Calendar, event: StoredEvent, { everyDays, times }: Repetition) => {
    const { owner } = calendar;
    // An occurrence has no transaction id, and a UID of its own: https://learn.microsoft.com/graph/api/resources/event
    const { transactionId: _transactionId, ...repeated } = event;
    const series = { immutableId: event.immutableId, id: event.id };
    // The dates of an event that lasts all day are stored in UTC.
    const zone = (event.isAllDay ? undefined : zoneOf(event.zone)) ?? 'utc';
    for (let index = 0; index < times; index += 1) {
      const startMs = daysLater(event.startMs, index * everyDays, zone);
      calendars.put(calendar, {
        ...repeated,
        immutableId: exchangeId('AAkALgAAAAAAHYQDEapm', owner),
        id: exchangeId('AAMkAGEv', owner),
        iCalUId: exchangeId('040000008200E00074C5B7101A82E008', owner),
        type: 'occurrence',
        series,
        startMs,
        endMs: startMs + event.endMs - event.startMs,
      });
    }
    const master: StoredEvent = { ...event, type: 'seriesMaster', revision: calendars.nextRevision() };
    calendars.put(calendar, master);
    return master;
  };

  /** A change of an occurrence is a change of its series. */
  const touchSeries = (calendar: Calendar, { series }: StoredEvent) => {
    const master = series && calendar.events.get(series.immutableId);
    if (master) calendars.put(calendar, { ...master, revision: calendars.nextRevision(), updated: clock() });
  };

  const removeEvent = (calendar: Calendar, event: StoredEvent) =>
    put(calendar, { ...event, deleted: true, revision: calendars.nextRevision(), updated: clock() }, event);

  return {
    get: existing,
    create: (calendar, body) =>
      repeated(calendar, body) ??
      store(calendar, body, {
        origin: 'api',
        response: 'organizer',
        zone: body.start?.timeZone ?? 'UTC',
      }),
    addForeign(calendar, body, about, repeat) {
      const event = store(calendar, body, { origin: 'foreign', ...about });
      return repeat ? repeatEvent(calendar, event, repeat) : event;
    },
    respond(calendar, id, response) {
      const now = clock();
      calendars.put(calendar, {
        ...existing(calendar, id),
        response,
        respondedAt: now,
        revision: calendars.nextRevision(),
        updated: now,
      });
    },
    copy(from, to, id, { laterMinutes, keepsTransactionId }) {
      const { transactionId, ...event } = existing(from, id);
      const laterMs = laterMinutes * 60_000;
      const now = clock();
      return put(to, {
        ...event,
        immutableId: exchangeId('AAkALgAAAAAAHYQDEapm', to.owner),
        id: exchangeId('AAMkAGEv', to.owner),
        iCalUId: exchangeId('040000008200E00074C5B7101A82E008', to.owner),
        startMs: event.startMs + laterMs,
        endMs: event.endMs + laterMs,
        revision: calendars.nextRevision(),
        created: now,
        updated: now,
        origin: 'foreign',
        ...(keepsTransactionId ? { transactionId } : {}),
      });
    },
    repeat: (calendar, id, repeat) => repeatEvent(calendar, existing(calendar, id), repeat),
    update(calendar, id, body, ifMatch) {
      const held = unchanged(calendar, id, ifMatch);
      refuseRecurrence(body);
      checkProperties(body.singleValueExtendedProperties);
      if (body.transactionId !== undefined) throw invalid('The transaction id cannot be changed.');
      const isAllDay = body.isAllDay ?? held.isAllDay;
      const event: StoredEvent = {
        ...held,
        ...spanOf(body.start ?? inUtc(held.startMs), body.end ?? inUtc(held.endMs), isAllDay),
        isAllDay,
        zone: body.start?.timeZone ?? held.zone,
        details: { ...held.details, ...detailsOf(body) },
        properties: merged(held.properties, body.singleValueExtendedProperties),
        revision: calendars.nextRevision(),
        updated: clock(),
        type: held.type === 'occurrence' ? 'exception' : held.type,
      };
      const stored = put(calendar, event, held);
      touchSeries(calendar, stored);
      return stored;
    },
    remove(calendar, id, ifMatch) {
      const held = unchanged(calendar, id, ifMatch);
      for (const event of calendar.events.values()) {
        if (event.series?.immutableId === held.immutableId && !event.deleted) removeEvent(calendar, event);
      }
      removeEvent(calendar, held);
      touchSeries(calendar, held);
    },
  };
};
