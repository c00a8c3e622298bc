/**
 * Our event in Google's words and back:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events#resource
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import { z } from 'zod';
import type { CalendarEvent } from '../ports.ts';

const timeSchema = z.looseObject({ dateTime: z.string().optional(), date: z.string().optional() });

const conferenceSchema = z.looseObject({
  conferenceId: z.string().optional(),
  entryPoints: z
    .array(z.looseObject({ entryPointType: z.string().optional(), uri: z.string().optional() }))
    .optional(),
  createRequest: z
    .looseObject({
      requestId: z.string().optional(),
      status: z.looseObject({ statusCode: z.string().optional() }).optional(),
    })
    .optional(),
});

/** Loose, since what others wrote into the event goes back with our change. */
export const storedEventSchema = z.looseObject({
  id: z.string(),
  etag: z.string().optional(),
  status: z.string().default('confirmed'),
  summary: z.string().optional(),
  description: z.string().optional(),
  location: z.string().optional(),
  sequence: z.number().default(0),
  start: timeSchema.optional(),
  end: timeSchema.optional(),
  hangoutLink: z.string().optional(),
  conferenceData: conferenceSchema.optional(),
  extendedProperties: z.looseObject({ private: z.record(z.string(), z.string()).optional() }).optional(),
});
export type StoredEvent = z.infer<typeof storedEventSchema>;

/**
 * The event as it should be, on top of what is stored. Times are instants in UTC, which no DST gap or overlap can
 * bend; the zone beside them only says how they are shown. Google raises `sequence` by itself and refuses a lower one.
 */
export const asGoogleEvent = (event: CalendarEvent, stored?: StoredEvent): calendar_v3.Schema$Event => ({
  ...stored,
  id: event.eventId,
  status: 'confirmed',
  summary: event.summary,
  description: event.description,
  location: event.location ?? '',
  start: { dateTime: event.slot.start, timeZone: event.slot.zone },
  end: { dateTime: event.slot.end, timeZone: event.slot.zone },
  sequence: Math.max(stored?.sequence ?? 0, event.revision),
  extendedProperties: {
    ...stored?.extendedProperties,
    private: { ...stored?.extendedProperties?.private, ...markOf(event) },
  },
  ...conferenceWish(event, stored),
});

const markOf = (event: CalendarEvent) => ({
  castmatchReference: event.eventId,
  castmatchRevision: String(event.revision),
});

const conferenceWish = (event: CalendarEvent, stored?: StoredEvent) => {
  if (event.conferenceRequestId === undefined || stored?.conferenceData) return {};
  const createRequest = {
    requestId: event.conferenceRequestId,
    conferenceSolutionKey: { type: 'hangoutsMeet' },
  };
  return { conferenceData: { createRequest } };
};

/**
 * How what is stored stands to what we want:
 * `foreign` is somebody else's event, `newer` carries a later revision than ours, `same` needs no writing.
 */
export const standing = (
  stored: StoredEvent,
  wanted: CalendarEvent,
): 'foreign' | 'newer' | 'same' | 'differs' => {
  const mark = stored.extendedProperties?.private;
  if (mark?.['castmatchReference'] !== wanted.eventId) return 'foreign';
  if (Number(mark['castmatchRevision'] ?? 0) > wanted.revision) return 'newer';
  const same =
    stored.status !== 'cancelled' &&
    mark['castmatchRevision'] === String(wanted.revision) &&
    sameInstant(stored.start?.dateTime, wanted.slot.start) &&
    sameInstant(stored.end?.dateTime, wanted.slot.end) &&
    stored.summary === wanted.summary &&
    (stored.description ?? '') === wanted.description &&
    (stored.location ?? '') === (wanted.location ?? '') &&
    (wanted.conferenceRequestId === undefined || stored.conferenceData !== undefined);
  return same ? 'same' : 'differs';
};

/** Google answers in the calendar's offset: the same instant, written differently. */
const sameInstant = (stored: string | undefined, wanted: string): boolean =>
  stored !== undefined && Date.parse(stored) === Date.parse(wanted);

export type ConferenceState =
  | { readonly kind: 'ready'; readonly id: string; readonly joinUrl: string }
  | { readonly kind: 'pending' | 'failed' | 'missing' };

/** A conference is made after the event: https://developers.google.com/workspace/calendar/api/guides/create-events#conferencing */
export const conferenceOf = ({ conferenceData: data, hangoutLink }: StoredEvent): ConferenceState => {
  if (!data) return { kind: 'missing' };
  const video = data.entryPoints?.find(({ entryPointType }) => entryPointType === 'video');
  const joinUrl = video?.uri ?? hangoutLink;
  if (data.conferenceId !== undefined && joinUrl !== undefined) {
    return { kind: 'ready', id: data.conferenceId, joinUrl };
  }
  return { kind: data.createRequest?.status?.statusCode === 'failure' ? 'failed' : 'pending' };
};
