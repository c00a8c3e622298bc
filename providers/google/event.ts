/**
 * Maps our events to Google's event resource and back:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events#resource
 */
import type { calendar_v3 } from 'googleapis/build/src/apis/calendar/index.js';
import { z } from 'zod';
import type { CalendarText } from '../../domain/audition/events.ts';
import { roomUser } from '../../domain/audition/room-booking.ts';
import { conferenceUseOf, hasUse, hasUser, useOf, withoutUses } from '../event-uses.ts';
import type { CalendarEvent, ConferenceEvent } from '../ports.ts';
import { reminderText } from '../reminder-text.ts';
import {
  allTexts,
  changedTexts,
  overwrittenTexts,
  type StoredTexts,
  type TextField,
  textMarkOf,
} from '../text-digest.ts';
import { conferenceOf, conferenceSchema, nextConferenceRequestId } from './conference.ts';
import { attendeesSchema, attendsRoom, roomProperty, withoutAttendee, withRoom } from './event-room.ts';
import { htmlTextOf, textOfHtml } from './html-text.ts';
import { jsonInteger } from './json-integer.ts';

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
  sequence: jsonInteger.default(0),
  start: timeSchema.optional(),
  end: timeSchema.optional(),
  hangoutLink: z.string().optional(),
  conferenceData: conferenceSchema.optional(),
  attendees: attendeesSchema.optional(),
  extendedProperties: z.looseObject({ private: z.record(z.string(), z.string()).optional() }).optional(),
});
export type GoogleEvent = z.infer<typeof googleEventSchema>;

type GoogleEventBody = calendar_v3.Schema$Event;

/** New contents of an existing event. `patch` changes only the fields in its body. */
export interface EventRewrite {
  readonly kind: 'update' | 'patch';
  readonly body: GoogleEventBody;
  /** Whether the body also changes the conference. Without it, Google ignores `conferenceData`. */
  readonly withConference: boolean;
}

/** The change to an existing event. `foreign`: the event is not ours. */
type EventChange = EventRewrite | { readonly kind: 'none' | 'foreign' };

/** What a step needs of an event, new or existing. */
export interface EventSpec {
  readonly calendarId: string;
  /** Our id. Google's can be a later generation of it. */
  readonly eventId: string;
  readonly newEvent: (id: string) => Pick<EventRewrite, 'body' | 'withConference'>;
  readonly changeOf: (stored: GoogleEvent) => EventChange;
}

/**
 * Specifies the whole event. Keeps the fields that people added, and each text that they edited as long as ours in that field does
 * not change. Does not change a later revision. A deleted event is revived without its former uses and its former conference.
 * @param owner the address of the calendar's owner, who can then answer in the calendar; undefined in a calendar that is not
 * the main one of its account: Google would add a second event to the main one
 */
export const specForEvent = (event: CalendarEvent, owner?: string): EventSpec => {
  const use = useOf(event.use);
  // An event that only books a room invites no person.
  const invited = event.use.name === roomUser ? undefined : owner;
  const scheduled = { ...event, owner };
  return {
    calendarId: event.calendarId,
    eventId: event.eventId,
    newEvent: (id) => ({
      body: withRoomOf(event, {
        ...textFieldsOf(event, allTexts),
        ...timeFieldsOf(scheduled, { ...use, ...marksOfTexts(event), ...reminderMarkOf(event) }),
        ...remindersOf(event),
        ...invitationOf(invited),
        id,
      }),
      withConference: false,
    }),
    changeOf: (stored) => {
      const comparison = compareWithStored(stored, event);
      if (comparison === 'foreign') return { kind: 'foreign' };
      if (comparison === 'newer') {
        // A later step of another participant has written the event. This one only begins to use it.
        return isDeleted(stored) || hasUser(privateOf(stored), use)
          ? { kind: 'none' }
          : {
              kind: 'update',
              body: withRoomOf(event, { ...stored, ...usesOf(use, stored) }),
              withConference: false,
            };
      }
      const changed = changedTexts(privateOf(stored)?.[textProperty], event, stored);
      if (
        comparison === 'same' &&
        changed.size === 0 &&
        hasUse(privateOf(stored), use) &&
        hasOurReminders(stored, event) &&
        hasRoomOf(event, stored)
      ) {
        return { kind: 'none' };
      }
      const isRevived = isDeleted(stored);
      const kept = isRevived ? withoutRoom(stored) : stored;
      return {
        kind: 'update',
        body: withRoomOf(event, {
          ...(isRevived ? withoutRecurrence(withoutConference(kept)) : kept),
          ...textFieldsOf(event, isRevived ? allTexts : changed),
          ...timeFieldsOf(scheduled, { ...use, ...marksOfTexts(event), ...reminderMarkOf(event) }, kept),
          ...(hasOurReminders(stored, event) ? {} : remindersOf(event)),
          ...(hasUser(privateOf(stored), use) ? {} : invitationOf(invited, kept)),
        }),
        withConference: isRevived,
      };
    },
  };
};

/**
 * Specifies the conference and the time of an event. Another step writes the texts, possibly simultaneously: only an
 * event without a summary gets the topic. A deleted event gets another conference, because its link can be dead.
 * @param gone the id of a conference that Meet no longer has. The event gets another one
 */
export const specForConference = (event: ConferenceEvent, owner?: string, gone?: string): EventSpec => {
  const use = conferenceUseOf(event.key);
  const scheduled = { ...event, owner };
  return {
    calendarId: event.calendarId,
    eventId: event.eventId,
    newEvent: (id) => ({
      body: {
        ...timeFieldsOf(scheduled, use),
        ...conferenceRequest(event.requestId),
        id,
        summary: event.topic,
        ...freeTimeOf(event),
      },
      withConference: true,
    }),
    changeOf: (stored) => {
      const comparison = compareWithStored(stored, event);
      if (comparison === 'foreign') return { kind: 'foreign' };
      const request = conferenceRequest(nextConferenceRequestId(stored, event.requestId));
      const summary = stored.summary ?? event.topic;
      if (isDeleted(stored)) {
        const kept = withoutRoom(stored);
        return {
          kind: 'update',
          body: {
            ...withoutRecurrence(kept),
            ...timeFieldsOf(scheduled, use, kept),
            ...request,
            summary,
            ...freeTimeOf(event),
          },
          withConference: true,
        };
      }
      const conference = conferenceOf(stored);
      const needsConference =
        conference.kind === 'missing' ||
        conference.kind === 'failed' ||
        (conference.kind === 'ready' && conference.id === gone);
      const hasOurUse = hasUse(privateOf(stored), use);
      const hasTime = comparison === 'same' || comparison === 'newer';
      if (hasTime && hasOurUse && !needsConference) return { kind: 'none' };
      return {
        kind: 'patch',
        body: {
          ...(hasTime ? usesOf(use, stored) : withoutDates(timeFieldsOf(scheduled, use, stored))),
          ...(stored.summary === undefined ? { summary } : {}),
          ...(needsConference ? request : {}),
        },
        withConference: true,
      };
    },
  };
};

/** Returns the change that ends uses of an event which others still use. */
export const changeForRemainingUses = (
  stored: GoogleEvent,
  properties: Readonly<Record<string, string>>,
  endsConference: boolean,
): EventRewrite => ({
  kind: 'update',
  body: afterRemainingUses(
    {
      ...stored,
      extendedProperties: { ...stored.extendedProperties, private: { ...properties } },
    },
    hasUser(privateOf(stored), roomUse) && !hasUser(properties, roomUse),
    endsConference,
  ),
  withConference: endsConference,
});

/** The use of the event by the room, whichever step wrote it. */
const roomUse = useOf({ name: roomUser, key: '' });

const afterRemainingUses = (
  remaining: GoogleEvent,
  endsRoom: boolean,
  endsConference: boolean,
): GoogleEventBody => {
  const kept = endsRoom ? withoutRoom(remaining) : remaining;
  return endsConference ? withoutConference(kept) : kept;
};

/** Returns the event without the room that we have added to its guests. Google then frees the room. */
const withoutRoom = (stored: GoogleEvent): GoogleEvent => {
  const { [roomProperty]: email, ...kept } = privateOf(stored) ?? {};
  if (email === undefined) return stored;
  return {
    ...stored,
    attendees: withoutAttendee(stored.attendees, email),
    extendedProperties: { ...stored.extendedProperties, private: kept },
  };
};

/** Only the step that books the room changes the guests of the event. */
const withRoomOf = ({ room }: CalendarEvent, body: GoogleEventBody): GoogleEventBody =>
  room ? withRoom(body, room.email) : body;

const hasRoomOf = ({ room }: CalendarEvent, stored: GoogleEvent): boolean =>
  !room || (privateOf(stored)?.[roomProperty] === room.email && attendsRoom(stored.attendees, room.email));

/** An update replaces the event: `withConference`, an event without conference data loses its conference. */
const withoutConference = ({
  conferenceData: _data,
  hangoutLink: _link,
  ...event
}: GoogleEvent): GoogleEventBody => event;

/** A person had repeated the event. A series would be listed as its instances, and not as the event. */
const withoutRecurrence = ({ recurrence: _recurrence, ...event }: GoogleEventBody): GoogleEventBody => event;

/** Returns the private properties of the event. */
export const privateOf = ({
  extendedProperties,
}: GoogleEvent): Readonly<Record<string, string>> | undefined => extendedProperties?.private;

/** Returns whether the event was deleted. Google keeps a deleted event and its id. */
export const isDeleted = ({ status }: GoogleEvent): boolean => status === 'cancelled';

/** Returns whether the event with our id is marked as the event of another program. */
export const isForeign = (stored: GoogleEvent, reference: string): boolean => {
  const mark = privateOf(stored)?.[referenceProperty];
  return mark !== undefined && mark !== reference;
};

/** The private property that marks our events with their audition. */
export const referenceProperty = 'castmatchReference';
/** The private property with the revision of the slot that the event states. */
export const revisionProperty = 'castmatchRevision';

const textFieldsOf = (
  { summary, description, location = '' }: CalendarEvent,
  fields: ReadonlySet<TextField>,
): GoogleEventBody => ({
  ...(fields.has('summary') ? { summary } : {}),
  ...(fields.has('description') ? { description: htmlTextOf(description) } : {}),
  ...(fields.has('location') ? { location } : {}),
});

/** The private property that identifies the texts that were written last. */
export const textProperty = 'castmatchText';

/** Returns the texts of an event as Google has them. An empty text is absent. A long description can be a part of ours. */
export const storedTextsOf = ({
  summary,
  location,
  description = '',
}: Partial<Pick<GoogleEvent, 'summary' | 'location' | 'description'>>): StoredTexts => ({
  title: summary ?? '',
  place: location ?? '',
  description: description.length < longDescription ? textOfHtml(description) : undefined,
});

/** Google keeps the first 8,192 characters of a description. */
const longDescription = 8_000;

/** Returns the texts of a person that the write has replaced. A deleted event had none. @param former before the write */
export const textsOverwrittenIn = (former: GoogleEvent, event: CalendarEvent): readonly CalendarText[] =>
  isDeleted(former) ? [] : overwrittenTexts(privateOf(former)?.[textProperty], event, storedTextsOf(former));

const marksOfTexts = (event: CalendarEvent) => ({ [textProperty]: textMarkOf(event) });

/** The private property with the reminders that were written last. People change them afterwards. */
const reminderProperty = 'castmatchReminders';

const reminderMarkOf = ({ reminders }: CalendarEvent): Readonly<Record<string, string>> =>
  reminders ? { [reminderProperty]: reminderText(reminders) } : {};

/** Whether our reminders are those that were written last, or the event has none of ours. */
const hasOurReminders = (stored: GoogleEvent, { reminders }: CalendarEvent): boolean =>
  !reminders || privateOf(stored)?.[reminderProperty] === reminderText(reminders);

/**
 * Reminders are those of the authenticated user, the owner of the calendar; others who see it have their own:
 * https://developers.google.com/workspace/calendar/api/concepts/reminders
 */
const remindersOf = ({ reminders }: CalendarEvent): GoogleEventBody =>
  reminders
    ? {
        reminders: {
          useDefault: false,
          overrides: reminders.map((minutes) => ({ method: 'popup', minutes })),
        },
      }
    : {};

type ScheduledEvent = Pick<CalendarEvent, 'reference' | 'slot' | 'revision'>;

/** Calendar programs offer the answers to people who are among the attendees. */
const invitationOf = (owner: string | undefined, stored?: GoogleEvent): GoogleEventBody => {
  const rooms = (stored?.attendees ?? []).filter(({ resource }) => resource);
  const hasPeople = rooms.length < (stored?.attendees?.length ?? 0);
  return owner === undefined || hasPeople
    ? {}
    : { attendees: [...rooms, { email: owner, responseStatus: 'needsAction' }] };
};

/** An answer is about the revision that it was given for. The answers of other people are theirs. */
const withoutAnswer = (
  stored: GoogleEvent | undefined,
  { revision, owner }: { readonly revision: number; readonly owner: string | undefined },
): GoogleEventBody => {
  if (!stored?.attendees || (revisionOf(stored) === revision && !isDeleted(stored))) return {};
  return {
    attendees: stored.attendees.map((attendee) =>
      attendee.self || attendee.email?.toLowerCase() === owner?.toLowerCase()
        ? { ...attendee, responseStatus: 'needsAction' }
        : attendee,
    ),
  };
};

/** Returns the revision that the event states; 0 without one. */
export const revisionOf = (stored: GoogleEvent): number => Number(privateOf(stored)?.[revisionProperty] ?? 0);

/**
 * Times are instants in UTC, unaffected by DST; the zone only affects the display. Google raises `sequence` by itself and
 * rejects a lower one.
 */
const timeFieldsOf = (
  { reference, slot, revision, owner }: ScheduledEvent & { readonly owner: string | undefined },
  use: Readonly<Record<string, string>>,
  stored?: GoogleEvent,
): GoogleEventBody => ({
  status: 'confirmed',
  start: { dateTime: slot.start, timeZone: slot.zone },
  end: { dateTime: slot.end, timeZone: slot.zone },
  sequence: Math.max(stored?.sequence ?? 0, revision),
  ...withoutAnswer(stored, { revision, owner }),
  ...usesOf({ ...use, [referenceProperty]: reference, [revisionProperty]: String(revision) }, stored),
});

/** Adds properties. The uses of a deleted event have ended, so they are not added to. */
const usesOf = (
  properties: Readonly<Record<string, string>>,
  stored: GoogleEvent | undefined,
): GoogleEventBody => {
  const kept =
    stored && (isDeleted(stored) ? withoutUses(privateOf(withoutRoom(stored))) : privateOf(stored));
  return {
    extendedProperties: { ...stored?.extendedProperties, private: { ...kept, ...properties } },
  };
};

/** A patch merges start and end with the stored ones. An event can have been made to last all day, with dates. */
const withoutDates = (body: GoogleEventBody): GoogleEventBody => ({
  ...body,
  start: { ...body.start, date: null },
  end: { ...body.end, date: null },
});

/** https://developers.google.com/workspace/calendar/api/v3/reference/events#transparency */
const freeTimeOf = ({ isFree }: ConferenceEvent): GoogleEventBody =>
  isFree ? { transparency: 'transparent' } : {};

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
  if (isForeign(stored, ours.reference)) return 'foreign';
  const revision = revisionOf(stored);
  if (revision > ours.revision) return 'newer';
  const isSame =
    !isDeleted(stored) &&
    revision === ours.revision &&
    sameInstant(stored.start?.dateTime, ours.slot.start) &&
    sameInstant(stored.end?.dateTime, ours.slot.end);
  return isSame ? 'same' : 'differs';
};

/** Google answers with the calendar's UTC offset, so instants are compared instead of texts. */
const sameInstant = (stored: string | undefined, ours: string): boolean =>
  stored !== undefined && Date.parse(stored) === Date.parse(ours);
