/** A calendar event: what a client may write, what is held, and how it is read back. */
import { z } from 'zod';
import { renderConference, storedConferenceSchema } from './conference.ts';
import { eventTimeSchema, renderTime } from './event-time.ts';

export const eventStatuses = ['confirmed', 'tentative', 'cancelled'] as const;

const properties = z.record(z.string(), z.string());

/** Fields that the sandbox keeps and gives back as they are. What a client may not write is dropped, as Google does. */
export const eventDetailsSchema = z.object({
  summary: z.string().optional(),
  description: z.string().max(8192).optional(),
  location: z.string().optional(),
  colorId: z.string().optional(),
  transparency: z.enum(['opaque', 'transparent']).optional(),
  visibility: z.enum(['default', 'public', 'private', 'confidential']).optional(),
  attendees: z.array(z.looseObject({ email: z.string() })).optional(),
  reminders: z.looseObject({ useDefault: z.boolean().optional() }).optional(),
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
  /** Rises with every change: the entity tag is made of it. */
  revision: z.int(),
  created: z.number(),
  updated: z.number(),
  start: eventTimeSchema,
  end: eventTimeSchema,
  startMs: z.number(),
  endMs: z.number(),
  details: eventDetailsSchema,
  conference: storedConferenceSchema.optional(),
  /** `foreign` events were put into the calendar by its owner, not over the API. */
  origin: z.enum(['api', 'foreign']),
});
export type StoredEvent = z.infer<typeof storedEventSchema>;

export const entityTag = (event: StoredEvent): string => `"${event.revision}"`;

export const blocksTime = (event: StoredEvent): boolean =>
  event.status !== 'cancelled' && event.details.transparency !== 'transparent';

interface CalendarContext {
  readonly calendarId: string;
  readonly owner: string;
  readonly timeZone: string;
}

/** The event as the API gives it back. */
export const renderEvent = (event: StoredEvent, place: CalendarContext, nowMs: number) => {
  const person = { email: place.owner, ...(place.calendarId === place.owner ? { self: true } : {}) };
  return {
    kind: 'calendar#event',
    etag: entityTag(event),
    id: event.id,
    status: event.status,
    htmlLink: `https://www.google.com/calendar/event?eid=${Buffer.from(`${event.id} ${place.calendarId}`).toString('base64url')}`,
    created: new Date(event.created).toISOString(),
    updated: new Date(event.updated).toISOString(),
    creator: person,
    organizer: person,
    start: renderTime(event.start, event.startMs, place.timeZone),
    end: renderTime(event.end, event.endMs, place.timeZone),
    iCalUID: event.iCalUID,
    sequence: event.sequence,
    reminders: { useDefault: true },
    eventType: 'default',
    ...event.details,
    ...(event.conference ? renderConference(event.conference, nowMs) : {}),
  };
};
