/** Defines a calendar event: the fields that a client can write, the stored form, and the rendered form. */
import { z } from 'zod';
import { renderConference, storedConferenceSchema } from './conference.ts';
import { eventTimeSchema, renderTime } from './event-time.ts';

export const eventStatuses = ['confirmed', 'tentative', 'cancelled'] as const;

/** https://developers.google.com/workspace/calendar/api/guides/event-types ; `fromGmail` cannot be created. */
export const eventTypes = [
  'default',
  'birthday',
  'focusTime',
  'fromGmail',
  'outOfOffice',
  'workingLocation',
] as const;

const properties = z.record(z.string(), z.string());

/** https://developers.google.com/workspace/calendar/api/v3/reference/events#reminders */
const remindersSchema = z.object({
  useDefault: z.boolean().optional(),
  overrides: z
    .array(z.object({ method: z.enum(['email', 'popup']), minutes: z.int().min(0).max(40_320) }))
    .max(5)
    .nullish(),
});

/**
 * Fields that the sandbox stores and returns unchanged. Fields that a client must not write are dropped, as
 * Google does.
 */
export const eventDetailsSchema = z.object({
  summary: z.string().optional(),
  description: z.string().max(8192).optional(),
  location: z.string().optional(),
  colorId: z.string().optional(),
  transparency: z.enum(['opaque', 'transparent']).optional(),
  visibility: z.enum(['default', 'public', 'private', 'confidential']).optional(),
  attendees: z.array(z.looseObject({ email: z.string() })).optional(),
  reminders: remindersSchema.optional(),
  source: z.looseObject({}).optional(),
  guestsCanModify: z.boolean().optional(),
  guestsCanInviteOthers: z.boolean().optional(),
  guestsCanSeeOtherGuests: z.boolean().optional(),
  extendedProperties: z.object({ private: properties.optional(), shared: properties.optional() }).optional(),
});
export type EventDetails = z.infer<typeof eventDetailsSchema>;

export const storedEventSchema = z.object({
  id: z.string(),
  iCalUID: z.string(),
  status: z.enum(eventStatuses),
  sequence: z.int(),
  /** Increases with every change. The entity tag contains it. */
  revision: z.int(),
  created: z.number(),
  updated: z.number(),
  start: eventTimeSchema,
  end: eventTimeSchema,
  startMs: z.number(),
  endMs: z.number(),
  details: eventDetailsSchema,
  conference: storedConferenceSchema.optional(),
  /** Cannot be changed after the event was created. */
  eventType: z.enum(eventTypes).default('default'),
  /** The lines of a series: RRULE, RDATE, EXDATE. Its instances are stored as well. */
  recurrence: z.array(z.string()).optional(),
  /** For an instance: its series, and when it begins by the rule. An exception was changed by itself. */
  instanceOf: z
    .object({ id: z.string(), originalStart: eventTimeSchema, isException: z.boolean() })
    .optional(),
  /** For the copy of a guest: the event of its organizer. */
  copyOf: z.object({ calendarId: z.string(), eventId: z.string() }).optional(),
  /** `foreign` events were created by the calendar's owner, not through the API. */
  origin: z.enum(['api', 'foreign']),
});
export type StoredEvent = z.infer<typeof storedEventSchema>;

/** Returns the entity tag of the current revision. */
export const entityTag = (event: StoredEvent): string => `"${event.revision}"`;

const selfAttendeeSchema = z.object({ email: z.string(), responseStatus: z.literal('declined') });

/**
 * Returns whether free/busy queries report the event. Events that the calendar's owner has declined, birthdays and
 * working locations do not block time.
 */
export const blocksTime = (event: StoredEvent, owner: string): boolean =>
  event.status !== 'cancelled' &&
  !event.recurrence?.length &&
  event.details.transparency !== 'transparent' &&
  event.eventType !== 'workingLocation' &&
  event.eventType !== 'birthday' &&
  !event.details.attendees?.some((attendee) => {
    const declined = selfAttendeeSchema.safeParse(attendee);
    return declined.success && declined.data.email === owner;
  });

interface CalendarContext {
  readonly calendarId: string;
  readonly owner: string;
  readonly timeZone: string;
}

/** Returns a deleted event in a list of changes. Google guarantees only its id. */
export const renderDeleted = (event: StoredEvent) => ({
  kind: 'calendar#event',
  etag: entityTag(event),
  id: event.id,
  status: event.status,
  ...renderInstance(event),
});

/** A cancelled instance of a series that is not has these fields as well. */
const renderInstance = ({ instanceOf }: StoredEvent) =>
  instanceOf ? { recurringEventId: instanceOf.id, originalStartTime: instanceOf.originalStart } : {};

/** Returns the event as the API sends it. */
export const renderEvent = (event: StoredEvent, calendar: CalendarContext, nowMs: number) => {
  const person = { email: calendar.owner, ...(calendar.calendarId === calendar.owner ? { self: true } : {}) };
  const attendees = event.details.attendees?.map((attendee) =>
    attendee.email === calendar.owner
      ? { ...attendee, self: true, ...(event.origin === 'api' ? { organizer: true } : {}) }
      : attendee,
  );
  return {
    kind: 'calendar#event',
    etag: entityTag(event),
    id: event.id,
    status: event.status,
    htmlLink: `https://www.google.com/calendar/event?eid=${Buffer.from(`${event.id} ${calendar.calendarId}`).toString('base64url')}`,
    created: new Date(event.created).toISOString(),
    updated: new Date(event.updated).toISOString(),
    creator: person,
    organizer: event.copyOf ? { email: event.copyOf.calendarId } : person,
    start: renderTime(event.start, event.startMs, calendar.timeZone),
    end: renderTime(event.end, event.endMs, calendar.timeZone),
    iCalUID: event.iCalUID,
    sequence: event.sequence,
    reminders: { useDefault: true },
    eventType: event.eventType,
    ...event.details,
    ...(event.recurrence ? { recurrence: event.recurrence } : {}),
    ...renderInstance(event),
    ...(attendees ? { attendees } : {}),
    ...(event.conference ? renderConference(event.conference, nowMs) : {}),
  };
};
