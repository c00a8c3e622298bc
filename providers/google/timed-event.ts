/** Reads when an event of a list is, and whether it blocks its time. */
import { DateTime } from 'luxon';
import { z } from 'zod';
import type { Answer } from '../../domain/audition/events.ts';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { type BusyKind, busyKindOf } from '../../domain/calendars/busy-kind.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import { isKnownZone } from '../../domain/time/known-zone.ts';
import { startOfDay } from '../../domain/time/start-of-day.ts';
import { optionalField, readableEntries } from '../optional-field.ts';

const text = optionalField(z.string());
const flag = optionalField(z.boolean()).transform((value) => value ?? false);

const timeSchema = z.object({
  date: text.describe('The day of an event that lasts all day'),
  dateTime: text.describe('With an offset, unless there is a `timeZone`'),
  timeZone: text.describe('An IANA name'),
});

/** An event without an id cannot be read. Everything else can be missing, and is then what Google says is the default. */
export const timedEventSchema = z.object({
  id: z.string().min(1).describe('The id of the event, or of the occurrence'),
  iCalUID: text.describe('The UID, the same in each copy of an invitation'),
  status: text.transform((value) => value ?? 'confirmed').describe('confirmed, tentative or cancelled'),
  transparency: text.transform((value) => value ?? 'opaque').describe('opaque or transparent'),
  eventType: text.transform((value) => value ?? 'default').describe('Such as workingLocation'),
  start: optionalField(timeSchema).describe('Missing in a deleted event'),
  end: optionalField(timeSchema).describe('Exclusive'),
  attendees: optionalField(
    readableEntries(
      z.object({
        email: text.describe('The address of the guest'),
        self: flag.describe('Whether the guest is the owner of the calendar'),
        organizer: flag.describe('Whether the guest organizes the event'),
        resource: flag.describe('Whether the guest is a room or another resource'),
        responseStatus: text.describe('needsAction, declined, tentative or accepted'),
      }),
    ),
  )
    .transform((value) => value ?? [])
    .describe('The guests; of a long list, the owner only'),
  extendedProperties: optionalField(
    z.object({ private: optionalField(z.record(z.string(), text)).describe('Our marks') }),
  ).describe('Properties that people do not see'),
});
export type TimedEvent = z.infer<typeof timedEventSchema>;

/** The fields of `timedEventSchema`, without the private properties, for the parameter `fields`. */
export const timedEventFields =
  'id,iCalUID,status,transparency,eventType,start,end,attendees(email,self,organizer,resource,responseStatus)';

/**
 * Working locations and birthdays never block time. Focus time and absences are opaque:
 * https://developers.google.com/workspace/calendar/api/guides/calendar-status
 */
const freeTypes: ReadonlySet<string> = new Set(['workingLocation', 'birthday']);

/** https://developers.google.com/workspace/calendar/api/v3/reference/events#resource */
const answersByStatus = {
  needsAction: 'pending',
  tentative: 'tentative',
  accepted: 'accepted',
  declined: 'declined',
} as const;

const isStatus = (status: string | undefined): status is keyof typeof answersByStatus =>
  status !== undefined && Object.hasOwn(answersByStatus, status);

/** Returns whether the event blocks its time (docs/conflicts.md). A free/busy query counts the tentative ones too. */
export const googleBusyKind = (event: TimedEvent): BusyKind =>
  busyKindOf({
    isCancelled: event.status === 'cancelled',
    shownAs: shownAs(event),
    answer: answerOf(event),
  });

const shownAs = ({ status, transparency, eventType }: TimedEvent) => {
  if (transparency === 'transparent' || freeTypes.has(eventType)) return 'free';
  if (eventType === 'outOfOffice') return 'absent';
  return status === 'tentative' ? 'tentative' : 'busy';
};

/** Returns the answer of the calendar's owner. @param owner the address of an owner whom Google does not mark */
export const ownersAnswer = ({ attendees }: TimedEvent, owner: string): Answer | undefined => {
  const own =
    attendees.find(({ self }) => self) ??
    attendees.find(({ email }) => email?.toLowerCase() === owner.toLowerCase());
  if (!isStatus(own?.responseStatus)) return undefined;
  const answer = answersByStatus[own.responseStatus];
  return answer === 'pending' ? undefined : answer;
};

/** The organizer has invited the others. A missing answer of the organizer is not a pending one. */
const answerOf = ({ attendees }: TimedEvent) => {
  const own = attendees.find(({ self }) => self);
  if (!isStatus(own?.responseStatus)) return undefined;
  const answer = answersByStatus[own.responseStatus];
  return own.organizer && answer === 'pending' ? undefined : answer;
};

/**
 * Returns an instant; undefined for a time that is missing or cannot be read. A date begins at midnight in the calendar's
 * zone. A time without an offset is in the zone beside it
 * (https://developers.google.com/workspace/calendar/api/v3/reference/events, `start.dateTime`), or else in the calendar's:
 * never in the zone of this process.
 */
const instantOf = (time: TimedEvent['start'], calendarZone: string): Instant | undefined => {
  if (time?.dateTime !== undefined) {
    const zone = [time.timeZone, calendarZone].find((name) => name !== undefined && isKnownZone(name));
    const read = DateTime.fromISO(time.dateTime, { zone: zone ?? 'utc' });
    return read.isValid ? instantSchema.safeParse(new Date(read.toMillis()).toISOString()).data : undefined;
  }
  return time?.date !== undefined && z.iso.date().safeParse(time.date).success
    ? startOfDay(time.date, calendarZone)
    : undefined;
};

/** Whether a time has an offset, so that its zone only tells where the event was planned. */
const hasOffset = (dateTime: string): boolean => /(z|[+-]\d{2}(:?\d{2})?)$/i.test(dateTime);

/**
 * Returns a zone that is not in the IANA database, and in which a time of the event was to be read. It is read in another one, so
 * the event can be hours from where it is. Undefined: there is none.
 */
export const unknownZoneOf = ({ start, end }: TimedEvent, calendarZone: string): string | undefined =>
  [start, end]
    .flatMap((time) => {
      if (time?.dateTime === undefined) return time?.date === undefined ? [] : [calendarZone];
      return hasOffset(time.dateTime) ? [] : [time.timeZone ?? calendarZone];
    })
    .find((zone) => !isKnownZone(zone));

/**
 * Returns when the event begins and ends. `missing` when it has no times, as a deleted one; `unreadable` when it has a time
 * that cannot be read.
 */
export const timesOf = (
  { start, end }: TimedEvent,
  calendarZone: string,
): BusyInterval | 'missing' | 'unreadable' => {
  const [begins, ends] = [instantOf(start, calendarZone), instantOf(end, calendarZone)];
  if (begins !== undefined && ends !== undefined) return { start: begins, end: ends };
  const isWritten = (time: TimedEvent['start']) => time?.date !== undefined || time?.dateTime !== undefined;
  return isWritten(start) || isWritten(end) ? 'unreadable' : 'missing';
};
