/** Implements insert, patch, update and delete of events, with Google's validation rules. */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { GoogleSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import type { Calendar, Calendars } from './calendars.ts';
import { conferenceRequestSchema, newConference, type StoredConference } from './conference.ts';
import { GoogleError, googleErrors, invalid } from './errors.ts';
import {
  type EventDetails,
  entityTag,
  eventDetailsSchema,
  eventStatuses,
  eventTypes,
  type StoredEvent,
} from './event.ts';
import { type EventTime, readTime } from './event-time.ts';
import type { Rooms } from './rooms.ts';
import { instancesOf } from './series.ts';

const nullableTimeSchema = z.object({
  date: z.iso.date().nullish(),
  dateTime: z.string().nullish(),
  timeZone: z.string().nullish(),
});

const nullableProperties = z.record(z.string(), z.string().nullable()).nullish();
const details = eventDetailsSchema.shape;

/**
 * The event that a client sends. In a patch, null removes a field. In other calls, null means that the field
 * is absent.
 */
export const eventBodySchema = z.object({
  id: z.string().nullish(),
  iCalUID: z.string().nullish(),
  status: z.enum(eventStatuses).nullish(),
  sequence: z.int().min(0).nullish(),
  start: nullableTimeSchema.nullish(),
  end: nullableTimeSchema.nullish(),
  recurrence: z.array(z.string()).nullish(),
  eventType: z.enum(eventTypes).nullish(),
  conferenceData: conferenceRequestSchema.nullish(),
  summary: details.summary.nullable(),
  description: details.description.nullable(),
  location: details.location.nullable(),
  colorId: details.colorId.nullable(),
  transparency: details.transparency.nullable(),
  visibility: details.visibility.nullable(),
  attendees: details.attendees.nullable(),
  reminders: details.reminders.nullable(),
  source: details.source.nullable(),
  guestsCanModify: details.guestsCanModify.nullable(),
  guestsCanInviteOthers: details.guestsCanInviteOthers.nullable(),
  guestsCanSeeOtherGuests: details.guestsCanSeeOtherGuests.nullable(),
  extendedProperties: z.object({ private: nullableProperties, shared: nullableProperties }).nullish(),
});
type EventBody = z.infer<typeof eventBodySchema>;

export interface WriteOptions {
  /** The query parameter. Conference data in the body is ignored unless it is 1. */
  readonly conferenceDataVersion: number;
  readonly ifMatch?: string | undefined;
  /** Set by an update, which removes what its body omits. */
  readonly replacesEvent?: boolean;
}

export interface EventWriting {
  insert(calendar: Calendar, body: EventBody, options: WriteOptions): StoredEvent;
  patch(calendar: Calendar, id: string, body: EventBody, options: WriteOptions): StoredEvent;
  update(calendar: Calendar, id: string, body: EventBody, options: WriteOptions): StoredEvent;
  remove(calendar: Calendar, id: string, options: Pick<WriteOptions, 'ifMatch'>): void;
  /** Moves an event to another calendar of its organizer. Only default events can be moved. */
  move(calendar: Calendar, id: string, target: Calendar): StoredEvent;
  /** Adds an event that the calendar's owner created manually. */
  addForeign(calendar: Calendar, body: EventBody): StoredEvent;
}

/** The documented form of an event id that a client chooses: 5 to 1024 characters of lower-case base32hex. */
const clientId = /^[a-v0-9]{5,1024}$/;

const withoutNulls = (value: object) =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null && field !== undefined));

const timeOf = (time: z.infer<typeof nullableTimeSchema>): EventTime => withoutNulls(time);

const detailsOf = (body: object): EventDetails => {
  const fields: Record<string, unknown> = withoutNulls(body);
  const details = eventDetailsSchema.parse(fields);
  const { private: own, shared } = details.extendedProperties ?? {};
  const reminders = remindersOf(details);
  if (!own && !shared) return { ...details, ...reminders };
  return {
    ...details,
    ...reminders,
    extendedProperties: {
      ...(own && { private: withinLimits(own) }),
      ...(shared && { shared: withinLimits(shared) }),
    },
  };
};

/** Google answers without an empty list: https://github.com/odoo/odoo/pull/87069 */
const remindersOf = ({ reminders }: EventDetails): Pick<EventDetails, 'reminders'> => {
  if (!reminders) return {};
  const { useDefault = false, overrides } = reminders;
  return { reminders: { useDefault, ...(overrides?.length ? { overrides } : {}) } };
};

/**
 * Applies the limits of extended properties. Google drops longer names and cuts longer values, both silently:
 * https://developers.google.com/workspace/calendar/api/guides/extended-properties
 */
const withinLimits = (properties: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => name.length <= 44)
      .map(([name, value]) => [name, value.slice(0, 1024)]),
  );

/** Merges extended properties key by key. All other fields of a patch replace the stored value. */
const mergeProperties = (held: EventDetails, body: EventBody): EventDetails['extendedProperties'] | null => {
  if (body.extendedProperties === null) return null;
  const merge = (scope: 'private' | 'shared') => {
    const merged = withoutNulls({ ...held.extendedProperties?.[scope], ...body.extendedProperties?.[scope] });
    return Object.keys(merged).length > 0 ? { [scope]: merged } : {};
  };
  const merged: object = { ...merge('private'), ...merge('shared') };
  return Object.keys(merged).length > 0 ? merged : null;
};

/** https://developers.google.com/workspace/calendar/api/guides/calendar-status */
const checkEventType = (body: EventBody) => {
  const { eventType, transparency, visibility, start } = body;
  const rejects = (rule: string) => invalid(`An event of the type ${eventType} ${rule}.`);
  if (eventType === 'fromGmail') throw rejects('cannot be created');
  if (eventType === 'workingLocation' && (transparency !== 'transparent' || visibility !== 'public')) {
    throw rejects('must be transparent and public');
  }
  if (eventType === 'focusTime' || eventType === 'outOfOffice') {
    if (transparency === 'transparent') throw rejects('must be opaque');
    if (start?.date) throw rejects('cannot last all day');
  }
};

/** https://developers.google.com/workspace/calendar/api/v3/reference/events#resource : a series needs a time zone. */
const checkRecurrence = ({ recurrence, start, end }: EventBody) => {
  if (!recurrence?.length) return;
  const isWithoutZone = [start, end].some((time) => time?.dateTime && !time.timeZone);
  if (isWithoutZone) throw invalid('Missing time zone definition for start time.');
};

/**
 * "Overrides can be set if and only if useDefault is false": https://developers.google.com/workspace/calendar/api/concepts/reminders
 * The error: https://github.com/phw198/OutlookGoogleCalendarSync/issues/666
 */
const checkReminders = ({ reminders }: EventBody) => {
  if (reminders?.overrides?.length && reminders.useDefault !== false) {
    throw new GoogleError(googleErrors.defaultAndOwnReminders);
  }
};

const checkMatch = (event: StoredEvent, ifMatch: string | undefined) => {
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== entityTag(event)) {
    throw new GoogleError(googleErrors.conditionNotMet);
  }
};

const spanOf = (calendar: Calendar, start: EventTime | undefined, end: EventTime | undefined) => {
  if (!start) throw new GoogleError(googleErrors.missingStart);
  if (!end) throw new GoogleError(googleErrors.missingEnd);
  const startMs = readTime(start, calendar.timeZone, 'start');
  const endMs = readTime(end, calendar.timeZone, 'end');
  if ((start.date === undefined) !== (end.date === undefined)) {
    throw invalid('Invalid start or end: both are dates or both are times.');
  }
  if (endMs < startMs || (start.date !== undefined && endMs === startMs)) {
    throw new GoogleError(googleErrors.emptyRange);
  }
  return { start, end, startMs, endMs };
};

const existing = (calendar: Calendar, id: string, ifMatch: string | undefined): StoredEvent => {
  const event = calendar.events.get(id);
  if (!event) throw new GoogleError(googleErrors.notFound);
  checkMatch(event, ifMatch);
  return event;
};

const patchedTime = (held: EventTime, body: EventBody['start']): EventTime | undefined =>
  body === null ? undefined : body === undefined ? held : timeOf({ ...held, ...body });

/** Creates the write operations on the stored calendars. */
export const createEventWriting = (
  calendars: Calendars,
  settings: GoogleSandboxSettings,
  clock: Clock,
  rooms: Pick<Rooms, 'invite' | 'notify'>,
): EventWriting => {
  /** Stores the event and invites the rooms among its guests. Returns the event as it is stored. */
  const store = (calendar: Calendar, event: StoredEvent, before?: StoredEvent): StoredEvent => {
    const stored = rooms.invite(event, before);
    calendars.put(calendar, stored);
    rooms.notify(calendar, stored);
    if (stored.recurrence ?? before?.recurrence) storeInstances(calendar, stored);
    return stored;
  };

  /** Google lists each instance of a changed series as changed. */
  const storeInstances = (calendar: Calendar, series: StoredEvent) => {
    const known = [...calendar.events.values()].filter(({ instanceOf }) => instanceOf?.id === series.id);
    for (const instance of instancesOf(series, calendar.timeZone, known)) {
      calendars.put(calendar, { ...instance, revision: calendars.nextRevision(), updated: clock() });
    }
  };

  const conferenceOf = (
    calendar: Calendar,
    body: EventBody,
    options: WriteOptions,
    held?: StoredConference,
  ): StoredConference | undefined => {
    if (options.conferenceDataVersion < 1) return held;
    if (body.conferenceData === undefined) return options.replacesEvent ? undefined : held;
    const { requestId, conferenceSolutionKey } = body.conferenceData?.createRequest ?? {};
    if (conferenceSolutionKey && !settings.conference.allowedTypes.includes(conferenceSolutionKey.type)) {
      throw invalid('Invalid conference type value.');
    }
    if (requestId === undefined) return body.conferenceData === null ? undefined : held;
    if (held?.requestId === requestId) return held;
    return newConference(calendar.owner, requestId, settings.conference, clock(), held);
  };

  const create = (
    calendar: Calendar,
    body: EventBody,
    origin: StoredEvent['origin'],
    options: WriteOptions,
  ) => {
    checkRecurrence(body);
    checkEventType(body);
    checkZones(body);
    checkReminders(body);
    if (body.id && body.iCalUID) throw invalid('Give either id or iCalUID, not both.');
    if (body.id && !clientId.test(body.id)) throw new GoogleError(googleErrors.invalidId);
    const id = body.id ?? createHash('md5').update(randomBytes(16)).digest('hex').slice(0, 26);
    const span = spanOf(
      calendar,
      body.start ? timeOf(body.start) : undefined,
      body.end ? timeOf(body.end) : undefined,
    );
    // The id of a deleted event stays taken.
    if (calendar.events.has(id)) throw new GoogleError(googleErrors.duplicate);
    const now = clock();
    const event: StoredEvent = {
      id,
      iCalUID: body.iCalUID ?? `${id}@google.com`,
      status: body.status ?? 'confirmed',
      sequence: body.sequence ?? 0,
      revision: calendars.nextRevision(),
      created: now,
      updated: now,
      ...span,
      details: detailsOf(body),
      conference: conferenceOf(calendar, body, options),
      eventType: body.eventType ?? 'default',
      ...(body.recurrence?.length ? { recurrence: body.recurrence } : {}),
      origin,
    };
    return store(calendar, event);
  };

  const checkZones = ({ start, end }: EventBody) => {
    for (const [which, time] of [
      ['start', start],
      ['end', end],
    ] as const) {
      if (time?.timeZone && settings.unknownZones.includes(time.timeZone)) {
        throw invalid(`Invalid time zone definition for ${which} time.`);
      }
    }
  };

  const change = (
    calendar: Calendar,
    held: StoredEvent,
    body: EventBody,
    next: Pick<StoredEvent, 'status' | 'details'> & {
      start: EventTime | undefined;
      end: EventTime | undefined;
    },
    options: WriteOptions,
  ): StoredEvent => {
    checkRecurrence(body);
    checkZones(body);
    checkReminders(body);
    if (body.eventType && body.eventType !== held.eventType) {
      throw invalid('The type of an event cannot be changed.');
    }
    if (held.status === 'cancelled' && next.status !== 'cancelled' && settings.revival === 'forbidden') {
      throw new GoogleError(googleErrors.forbidden);
    }
    const sequence = body.sequence ?? undefined;
    if (sequence !== undefined && sequence < held.sequence) throw new GoogleError(googleErrors.lowSequence);
    const span = spanOf(calendar, next.start, next.end);
    const moved = span.startMs !== held.startMs || span.endMs !== held.endMs;
    const { recurrence = options.replacesEvent ? [] : held.recurrence } = body;
    const { recurrence: _held, ...kept } = held;
    const event: StoredEvent = {
      ...kept,
      ...(recurrence?.length ? { recurrence } : {}),
      ...(held.instanceOf ? { instanceOf: { ...held.instanceOf, isException: true } } : {}),
      ...span,
      status: next.status,
      details: next.details,
      sequence: sequence ?? (moved ? held.sequence + 1 : held.sequence),
      revision: calendars.nextRevision(),
      updated: clock(),
      conference: conferenceOf(calendar, body, options, held.conference),
    };
    return store(calendar, event, held);
  };

  const changed = (event: StoredEvent): StoredEvent => ({
    ...event,
    revision: calendars.nextRevision(),
    updated: clock(),
  });

  return {
    insert: (calendar, body, options) => create(calendar, body, 'api', options),
    addForeign: (calendar, body) => create(calendar, body, 'foreign', { conferenceDataVersion: 0 }),
    patch(calendar, id, body, options) {
      const held = existing(calendar, id, options.ifMatch);
      return change(
        calendar,
        held,
        body,
        {
          status: body.status ?? held.status,
          details: detailsOf({
            ...held.details,
            ...body,
            extendedProperties: mergeProperties(held.details, body),
          }),
          start: patchedTime(held.start, body.start),
          end: patchedTime(held.end, body.end),
        },
        options,
      );
    },
    update(calendar, id, body, options) {
      return change(
        calendar,
        existing(calendar, id, options.ifMatch),
        body,
        {
          status: body.status ?? 'confirmed',
          details: detailsOf(body),
          start: body.start ? timeOf(body.start) : undefined,
          end: body.end ? timeOf(body.end) : undefined,
        },
        { ...options, replacesEvent: true },
      );
    },
    move(calendar, id, target) {
      const held = existing(calendar, id, undefined);
      if (held.status === 'cancelled') throw new GoogleError(googleErrors.deleted);
      if (held.eventType !== 'default' || held.instanceOf) throw invalid('This event cannot be moved.');
      store(calendar, changed({ ...held, status: 'cancelled' }), held);
      return store(target, changed(held));
    },
    remove(calendar, id, options) {
      const held = existing(calendar, id, options.ifMatch);
      if (held.status === 'cancelled') throw new GoogleError(googleErrors.deleted);
      store(
        calendar,
        {
          ...held,
          ...(held.instanceOf ? { instanceOf: { ...held.instanceOf, isException: true } } : {}),
          status: 'cancelled',
          revision: calendars.nextRevision(),
          updated: clock(),
        },
        held,
      );
    },
  };
};
