/**
 * Our event in Google's words and back:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events#resource
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import { z } from 'zod';
import type { CalendarEvent, ConferenceEvent } from '../ports.ts';
import { conferenceOf, conferenceSchema, nextConferenceRequestId } from './conference.ts';

const timeSchema = z.looseObject({ dateTime: z.string().optional(), date: z.string().optional() });

/**
 * Loose, since what others wrote into the event goes back with our change. Of a cancelled event nothing but the id is
 * promised.
 */
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

type GoogleEvent = calendar_v3.Schema$Event;

/** What is to be done to an event that is there. `foreign` is somebody else's. */
type EventChange =
  | { readonly kind: 'none' | 'foreign' }
  /** `patch` touches nothing but what it names. */
  | { readonly kind: 'update' | 'patch'; readonly body: GoogleEvent };

/** What a step wants of an event, whatever it finds. */
export interface EventSpec {
  readonly calendarId: string;
  /** Ours: Google's may be a later generation of it. */
  readonly eventId: string;
  readonly withConference: boolean;
  readonly newEvent: (id: string) => GoogleEvent;
  readonly changeOf: (stored: StoredEvent) => EventChange;
}

/** The whole event, on top of what people added to it. A later revision is left alone. */
export const specForEvent = (event: CalendarEvent): EventSpec => ({
  calendarId: event.calendarId,
  eventId: event.eventId,
  withConference: false,
  newEvent: (id) => ({ ...textFieldsOf(event), ...timeFieldsOf(event), id }),
  changeOf: (stored) => {
    const is = compareWithStored(stored, event);
    if (is === 'foreign') return { kind: 'foreign' };
    if (is === 'newer' || (is === 'same' && hasSameText(stored, event))) return { kind: 'none' };
    return { kind: 'update', body: { ...stored, ...textFieldsOf(event), ...timeFieldsOf(event, stored) } };
  },
});

/**
 * A conference, and the time it is for. What the event says is another step's, which may be writing at this very
 * moment: only an event that says nothing gets the topic.
 */
export const specForConference = (event: ConferenceEvent): EventSpec => ({
  calendarId: event.calendarId,
  eventId: event.eventId,
  withConference: true,
  newEvent: (id) => ({
    ...timeFieldsOf(event),
    ...conferenceRequest(event.requestId),
    id,
    summary: event.topic,
  }),
  changeOf: (stored) => {
    const is = compareWithStored(stored, event);
    if (is === 'foreign') return { kind: 'foreign' };
    const { kind } = conferenceOf(stored);
    const wanting = kind === 'missing' || kind === 'failed';
    const isInTime = is === 'same' || is === 'newer';
    if (isInTime && !wanting) return { kind: 'none' };
    return {
      kind: 'patch',
      body: {
        ...(isInTime ? {} : timeFieldsOf(event, stored)),
        ...(stored.summary === undefined ? { summary: event.topic } : {}),
        ...(wanting ? conferenceRequest(nextConferenceRequestId(stored, event.requestId)) : {}),
      },
    };
  },
});

const textFieldsOf = ({ summary, description, location = '' }: CalendarEvent): GoogleEvent => ({
  summary,
  description,
  location,
});

const hasSameText = (stored: StoredEvent, { summary, description, location = '' }: CalendarEvent): boolean =>
  stored.summary === summary &&
  (stored.description ?? '') === description &&
  (stored.location ?? '') === location;

type ScheduledEvent = Pick<CalendarEvent, 'eventId' | 'slot' | 'revision'>;

/**
 * Times are instants in UTC, which no DST gap or overlap can bend; the zone beside them only says how they are shown.
 * Google raises `sequence` by itself and refuses a lower one.
 */
const timeFieldsOf = ({ eventId, slot, revision }: ScheduledEvent, stored?: StoredEvent): GoogleEvent => ({
  status: 'confirmed',
  start: { dateTime: slot.start, timeZone: slot.zone },
  end: { dateTime: slot.end, timeZone: slot.zone },
  sequence: Math.max(stored?.sequence ?? 0, revision),
  extendedProperties: {
    ...stored?.extendedProperties,
    private: {
      ...stored?.extendedProperties?.private,
      castmatchReference: eventId,
      castmatchRevision: String(revision),
    },
  },
});

const conferenceRequest = (requestId: string): GoogleEvent => ({
  conferenceData: { createRequest: { requestId, conferenceSolutionKey: { type: 'hangoutsMeet' } } },
});

/**
 * How what is stored stands to what we want: `newer` carries a later revision than ours, `same` this one at its time.
 * An event under our id (SHA-256 of what it is for) that has lost its mark is ours; only a different mark is not.
 */
const compareWithStored = (
  stored: StoredEvent,
  wanted: ScheduledEvent,
): 'foreign' | 'newer' | 'same' | 'differs' => {
  const mark = stored.extendedProperties?.private;
  const reference = mark?.['castmatchReference'];
  if (reference !== undefined && reference !== wanted.eventId) return 'foreign';
  const revision = Number(mark?.['castmatchRevision'] ?? 0);
  if (revision > wanted.revision) return 'newer';
  const same =
    stored.status !== 'cancelled' &&
    revision === wanted.revision &&
    sameInstant(stored.start?.dateTime, wanted.slot.start) &&
    sameInstant(stored.end?.dateTime, wanted.slot.end);
  return same ? 'same' : 'differs';
};

/** Google answers in the calendar's offset: the same instant, written differently. */
const sameInstant = (stored: string | undefined, wanted: string): boolean =>
  stored !== undefined && Date.parse(stored) === Date.parse(wanted);
