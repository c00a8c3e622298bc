/**
 * Maps our events to Google's event resource and back:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events#resource
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import { z } from 'zod';
import type { CalendarEvent, ConferenceEvent } from '../ports.ts';
import { conferenceOf, conferenceSchema, nextConferenceRequestId } from './conference.ts';

const timeSchema = z.looseObject({ dateTime: z.string().optional(), date: z.string().optional() });

/**
 * Loose, because fields that other clients wrote are sent back with our update. A cancelled event has only its id for
 * certain.
 */
export const googleEventSchema = z.looseObject({
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
export type GoogleEvent = z.infer<typeof googleEventSchema>;

type GoogleEventBody = calendar_v3.Schema$Event;

/** The change to an existing event. `foreign`: the event is not ours. */
type EventChange =
  | { readonly kind: 'none' | 'foreign' }
  /** `patch` changes only the fields in its body. */
  | { readonly kind: 'update' | 'patch'; readonly body: GoogleEventBody };

/** What a step needs of an event, new or existing. */
export interface EventSpec {
  readonly calendarId: string;
  /** Our id. Google's can be a later generation of it. */
  readonly eventId: string;
  readonly withConference: boolean;
  readonly newEvent: (id: string) => GoogleEventBody;
  readonly changeOf: (stored: GoogleEvent) => EventChange;
}

/** Specifies the whole event. Keeps the fields that people added, and does not change a later revision. */
export const specForEvent = (event: CalendarEvent): EventSpec => ({
  calendarId: event.calendarId,
  eventId: event.eventId,
  withConference: false,
  newEvent: (id) => ({ ...textFieldsOf(event), ...timeFieldsOf(event), id }),
  changeOf: (stored) => {
    const comparison = compareWithStored(stored, event);
    if (comparison === 'foreign') return { kind: 'foreign' };
    if (comparison === 'newer' || (comparison === 'same' && hasSameText(stored, event))) {
      return { kind: 'none' };
    }
    return { kind: 'update', body: { ...stored, ...textFieldsOf(event), ...timeFieldsOf(event, stored) } };
  },
});

/**
 * Specifies the conference and the time of an event. Another step writes the texts, possibly simultaneously: only an
 * event without a summary gets the topic.
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
    const comparison = compareWithStored(stored, event);
    if (comparison === 'foreign') return { kind: 'foreign' };
    const { kind } = conferenceOf(stored);
    const needsConference = kind === 'missing' || kind === 'failed';
    const hasTime = comparison === 'same' || comparison === 'newer';
    if (hasTime && !needsConference) return { kind: 'none' };
    return {
      kind: 'patch',
      body: {
        ...(hasTime ? {} : timeFieldsOf(event, stored)),
        ...(stored.summary === undefined ? { summary: event.topic } : {}),
        ...(needsConference ? conferenceRequest(nextConferenceRequestId(stored, event.requestId)) : {}),
      },
    };
  },
});

const textFieldsOf = ({ summary, description, location = '' }: CalendarEvent): GoogleEventBody => ({
  summary,
  description,
  location,
});

const hasSameText = (stored: GoogleEvent, { summary, description, location = '' }: CalendarEvent): boolean =>
  stored.summary === summary &&
  (stored.description ?? '') === description &&
  (stored.location ?? '') === location;

type ScheduledEvent = Pick<CalendarEvent, 'eventId' | 'slot' | 'revision'>;

/**
 * Times are instants in UTC, unaffected by DST; the zone only affects the display. Google raises `sequence` by itself and
 * rejects a lower one.
 */
const timeFieldsOf = (
  { eventId, slot, revision }: ScheduledEvent,
  stored?: GoogleEvent,
): GoogleEventBody => ({
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

const conferenceRequest = (requestId: string): GoogleEventBody => ({
  conferenceData: { createRequest: { requestId, conferenceSolutionKey: { type: 'hangoutsMeet' } } },
});

/**
 * Compares the stored event with ours: `newer` has a later revision, `same` has our revision and time. An event under our
 * id without our mark is ours, because the id is a SHA-256 hash; an event with a different mark is `foreign`.
 */
const compareWithStored = (
  stored: GoogleEvent,
  ours: ScheduledEvent,
): 'foreign' | 'newer' | 'same' | 'differs' => {
  const mark = stored.extendedProperties?.private;
  const reference = mark?.['castmatchReference'];
  if (reference !== undefined && reference !== ours.eventId) return 'foreign';
  const revision = Number(mark?.['castmatchRevision'] ?? 0);
  if (revision > ours.revision) return 'newer';
  const isSame =
    stored.status !== 'cancelled' &&
    revision === ours.revision &&
    sameInstant(stored.start?.dateTime, ours.slot.start) &&
    sameInstant(stored.end?.dateTime, ours.slot.end);
  return isSame ? 'same' : 'differs';
};

/** Google answers with the calendar's UTC offset, so instants are compared instead of texts. */
const sameInstant = (stored: string | undefined, ours: string): boolean =>
  stored !== undefined && Date.parse(stored) === Date.parse(ours);
