/**
 * Maps our events to Graph's event resource and back: https://learn.microsoft.com/graph/api/resources/event. A change
 * contains only the fields that must change: Graph keeps the others (PATCH), and so what a person added or edited.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CalendarText } from '../../domain/audition/events.ts';
import { roomUser } from '../../domain/audition/room-booking.ts';
import type { BookedRoom, CalendarEvent, EventCreation } from '../ports.ts';
import { reminderText } from '../reminder-text.ts';
import {
  allTexts,
  changedTexts,
  overwrittenTexts,
  type StoredTexts,
  type TextField,
  textMarkOf,
} from '../text-digest.ts';
import {
  type EventMarks,
  extendedPropertiesSchema,
  hasUse,
  hasUser,
  marksIn,
  propertiesOf,
  useOf,
} from './event-marks.ts';
import { attendeesSchema, attendsRoom, withoutAttendee, withRoom } from './event-room.ts';
import { graphTimeOf, graphTimeSchema, instantOf } from './event-time.ts';

/** https://learn.microsoft.com/graph/api/resources/location */
const graphPlaceSchema = z
  .object({ displayName: z.string().nullish() })
  .nullish()
  .describe('The place, whose name is a text');

export const graphEventSchema = z.object({
  id: z.string(),
  '@odata.etag': z.string().optional(),
  iCalUId: z.string().nullish().describe('The UID of the event in all calendars'),
  createdDateTime: z.string().nullish(),
  isAllDay: z.boolean().nullish(),
  isOnlineMeeting: z.boolean().nullish(),
  subject: z.string().nullish().describe('The title'),
  location: graphPlaceSchema,
  start: graphTimeSchema.nullish(),
  end: graphTimeSchema.nullish(),
  attendees: attendeesSchema,
  transactionId: z.string().nullish().describe('That of the creation. Only ours have the form of ours'),
  singleValueExtendedProperties: extendedPropertiesSchema,
});
export type GraphEvent = z.infer<typeof graphEventSchema>;

/**
 * Returns a new event. Graph creates it once for a transaction id: "to avoid redundant POST operations in case of client
 * retries". An event that a person deleted keeps its transaction id, so each generation has its own.
 */
export const newEvent = (event: CalendarEvent, generation: number) => ({
  ...textFieldsOf(event, allTexts),
  ...timeFieldsOf(event),
  ...reminderOf(event),
  ...(event.room ? guestsWith(event.room) : {}),
  showAs: 'busy',
  transactionId: transactionIdOf(event, generation),
  ...propertiesOf(event.eventId, marksOf(event, {})),
});

/** Returns the change that makes the stored event ours; undefined when there is nothing to change. */
export const changeOf = (stored: GraphEvent, event: CalendarEvent): object | undefined => {
  const marks = marksIn(stored.singleValueExtendedProperties);
  const use = useOf(event.use);
  if (marks && marks.revision > event.revision) {
    // A later step of another participant has written the event. This one only begins to use it.
    if (hasUser(marks, use)) return undefined;
    return {
      ...roomChange(stored, event, marks),
      ...propertiesOf(event.eventId, {
        ...marks,
        uses: { ...marks.uses, ...use },
        ...(event.room ? { room: event.room.email } : {}),
      }),
    };
  }
  const next = marksOf(event, marks?.uses ?? {}, marks);
  const hasSameTime = isAt(stored, event);
  // What was written last is compared, not what is there: a title that a person edited stays until ours changes.
  const changed = marks ? changedTexts(marks.text, event, {}) : allTexts;
  const hasSameReminders = marks?.reminders === next.reminders;
  const rooms = roomChange(stored, event, marks);
  const isUnchanged =
    hasSameTime &&
    changed.size === 0 &&
    hasSameReminders &&
    marks?.revision === event.revision &&
    hasUse(marks, use) &&
    !rooms;
  if (isUnchanged) return undefined;
  return {
    ...(hasSameTime ? {} : { ...timeFieldsOf(event), isAllDay: false }),
    ...textFieldsOf(event, stored.isOnlineMeeting ? withoutBody(changed) : changed),
    ...(hasSameReminders ? {} : reminderOf(event)),
    ...rooms,
    ...propertiesOf(event.eventId, next),
  };
};

/** Returns the change that leaves the event to its remaining users. Without the room among them, the room is free again. */
export const changeOfUses = (
  stored: GraphEvent,
  eventId: string,
  marks: EventMarks,
  uses: EventMarks['uses'],
): object => {
  const { room, ...others } = marks;
  const keepsRoom = room === undefined || hasUser({ uses }, useOf({ name: roomUser, key: '' }));
  if (keepsRoom) return propertiesOf(eventId, { ...marks, uses });
  return {
    attendees: withoutAttendee(stored.attendees, room),
    ...propertiesOf(eventId, { ...others, uses }),
  };
};

/** Returns the change of guests and place that books the room; undefined when it is among the guests already. */
const roomChange = (
  stored: GraphEvent,
  { room }: CalendarEvent,
  marks: EventMarks | undefined,
): object | undefined =>
  !room || (marks?.room === room.email && attendsRoom(stored.attendees, room.email))
    ? undefined
    : guestsWith(room, stored, marks?.room);

/**
 * The room is a guest of the type `resource`, and the place of the event refers to it:
 * https://learn.microsoft.com/graph/api/resources/attendee and https://learn.microsoft.com/graph/api/resources/location
 */
const guestsWith = (room: BookedRoom, stored?: GraphEvent, former?: string) => ({
  attendees: withRoom(stored?.attendees, room, former),
  location: placeOf(room),
  locations: [placeOf(room)],
});

const textFieldsOf = (
  { summary, description, location = '', room }: CalendarEvent,
  fields: ReadonlySet<TextField>,
) => ({
  ...(fields.has('summary') ? { subject: summary } : {}),
  ...(fields.has('description') ? { body: { contentType: 'text', content: description } } : {}),
  ...(fields.has('location') ? { location: room ? placeOf(room) : { displayName: location } } : {}),
});

/** What an event says of its texts. */
export const graphTextsSchema = graphEventSchema.pick({
  subject: true,
  location: true,
  isOnlineMeeting: true,
});

/**
 * Returns the texts of an event as Outlook has them. The place of an event that books a room is the room, and Outlook itself
 * names the place of an online meeting, so neither is compared.
 */
export const storedTextsOf = (
  { subject, location, isOnlineMeeting }: z.output<typeof graphTextsSchema>,
  { room }: Pick<EventMarks, 'room'>,
): StoredTexts => ({
  title: subject ?? '',
  place: room === undefined && !isOnlineMeeting ? (location?.displayName ?? '') : undefined,
});

/** Returns the texts of a person that the write has replaced. @param former before the write */
export const textsOverwrittenIn = (former: GraphEvent, event: CalendarEvent): readonly CalendarText[] => {
  const marks = marksIn(former.singleValueExtendedProperties);
  return marks ? overwrittenTexts(marks.text, event, storedTextsOf(former, marks)) : [];
};

/** The body of an online meeting contains its link, which another body would remove. */
const withoutBody = (fields: ReadonlySet<TextField>): ReadonlySet<TextField> =>
  new Set([...fields].filter((field) => field !== 'description'));

const placeOf = ({ email, name }: BookedRoom) => ({
  displayName: name,
  locationEmailAddress: email,
  locationUri: email,
});

const timeFieldsOf = ({ slot }: CalendarEvent) => ({
  start: graphTimeOf(slot.start),
  end: graphTimeOf(slot.end),
});

/**
 * Outlook has one reminder for each event, of the owner of the calendar. Without these properties, it is that of the mailbox:
 * https://learn.microsoft.com/graph/api/resources/event#properties
 */
const reminderOf = ({ reminders }: CalendarEvent) => {
  if (!reminders) return {};
  const last = reminders.length > 0 ? Math.min(...reminders) : undefined;
  return last === undefined
    ? { isReminderOn: false }
    : { isReminderOn: true, reminderMinutesBeforeStart: last };
};

const marksOf = (
  event: CalendarEvent,
  uses: EventMarks['uses'],
  former: Pick<EventMarks, 'room' | 'reminders'> = {},
): EventMarks => ({
  reference: event.reference,
  revision: event.revision,
  text: textMarkOf(event),
  uses: { ...uses, ...useOf(event.use) },
  ...reminderMark(event.reminders ? reminderText(event.reminders) : former.reminders),
  ...roomMark(event.room?.email ?? former.room),
});

const reminderMark = (reminders: string | undefined) => (reminders === undefined ? {} : { reminders });

const roomMark = (room: string | undefined) => (room === undefined ? {} : { room });

const isAt = ({ start, end, isAllDay }: GraphEvent, { slot }: CalendarEvent): boolean =>
  !isAllDay && !!start && !!end && instantOf(start) === slot.start && instantOf(end) === slot.end;

/** Two calendars of one mailbox can each have an event of the audition, so the calendar is part of the id. */
const transactionIdOf = ({ calendarId, eventId }: CalendarEvent, generation: number): string =>
  createHash('sha256').update(`event\n${calendarId}\n${eventId}\n${generation}`).digest('hex').slice(0, 40);

/** Returns the creation of an event of ours; undefined for another event, and when the answer does not name it. */
export const creationOf = ({
  transactionId,
  iCalUId,
}: {
  readonly transactionId?: string | null | undefined;
  readonly iCalUId?: string | null | undefined;
}): EventCreation | undefined =>
  transactionId && iCalUId && canBeOurs(transactionId) ? { id: transactionId, uid: iCalUId } : undefined;

/** Returns whether an event can be ours: only an event that this service created, or a copy of it, has such a transaction id. */
export const canBeOurs = (transactionId: string | null | undefined): boolean =>
  /^[0-9a-f]{40}$/.test(transactionId ?? '');
