/** Reads when an event of a list is, and whether it blocks its time. */
import { z } from 'zod';
import type { Answer } from '../../domain/audition/events.ts';
import { type BusyKind, busyKindOf } from '../../domain/calendars/busy-kind.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import { startOfDay } from '../../domain/time/start-of-day.ts';

const timeSchema = z.object({
  date: z.iso.date().optional(),
  dateTime: z.string().optional(),
  timeZone: z.string().optional(),
});

export const timedEventSchema = z.object({
  id: z.string(),
  status: z.string().default('confirmed'),
  transparency: z.string().default('opaque'),
  eventType: z.string().default('default'),
  start: timeSchema.optional(),
  end: timeSchema.optional(),
  attendees: z
    .array(
      z.object({
        email: z.string().optional(),
        self: z.boolean().default(false),
        organizer: z.boolean().default(false),
        resource: z.boolean().default(false),
        responseStatus: z.string().optional(),
      }),
    )
    .default([]),
  extendedProperties: z.object({ private: z.record(z.string(), z.string()).optional() }).optional(),
});
export type TimedEvent = z.infer<typeof timedEventSchema>;

/** The fields of `timedEventSchema`, without the private properties, for the parameter `fields`. */
export const timedEventFields =
  'id,status,transparency,eventType,start,end,attendees(email,self,organizer,resource,responseStatus)';

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

/** Returns an instant. A date begins at midnight in the calendar's zone. */
export const instantOf = (time: TimedEvent['start'], zone: string): Instant | undefined => {
  if (time?.dateTime !== undefined) return instantSchema.parse(new Date(time.dateTime).toISOString());
  return time?.date === undefined ? undefined : startOfDay(time.date, zone);
};
