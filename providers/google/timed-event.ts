/** Reads when an event of a list is, and whether it blocks its time. */
import { z } from 'zod';
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
    .array(z.object({ self: z.boolean().default(false), responseStatus: z.string().optional() }))
    .default([]),
  extendedProperties: z.object({ private: z.record(z.string(), z.string()).optional() }).optional(),
});
export type TimedEvent = z.infer<typeof timedEventSchema>;

/** The fields of `timedEventSchema`, without the private properties, for the parameter `fields`. */
export const timedEventFields = 'id,status,transparency,eventType,start,end,attendees(self,responseStatus)';

/**
 * Working locations and birthdays never block time. Focus time and absences are opaque:
 * https://developers.google.com/workspace/calendar/api/guides/calendar-status
 */
const freeTypes: ReadonlySet<string> = new Set(['workingLocation', 'birthday']);

/** Returns whether the event counts as busy, as in a free/busy query. Tentative and unanswered events do. */
export const blocksTime = ({ status, transparency, eventType, attendees }: TimedEvent): boolean =>
  status !== 'cancelled' &&
  transparency !== 'transparent' &&
  !freeTypes.has(eventType) &&
  !attendees.some(({ self, responseStatus }) => self && responseStatus === 'declined');

/** Returns an instant. A date begins at midnight in the calendar's zone. */
export const instantOf = (time: TimedEvent['start'], zone: string): Instant | undefined => {
  if (time?.dateTime !== undefined) return instantSchema.parse(new Date(time.dateTime).toISOString());
  return time?.date === undefined ? undefined : startOfDay(time.date, zone);
};
