/** Reads when an event of a list is, and whether it blocks its time. */
import { z } from 'zod';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { extendedPropertiesSchema } from './event-marks.ts';
import { allDayInterval, graphTimeSchema, instantOf } from './event-time.ts';
import { ianaZoneOf } from './windows-zones.ts';

export const timedEventSchema = z.object({
  id: z.string(),
  isAllDay: z.boolean().nullish(),
  isCancelled: z.boolean().nullish(),
  showAs: z.string().nullish().describe('free, tentative, busy, oof, workingElsewhere or unknown'),
  start: graphTimeSchema,
  end: graphTimeSchema,
  originalStartTimeZone: z.string().nullish().describe('The zone in which the event was created'),
  responseStatus: z.object({ response: z.string().nullish() }).nullish(),
  singleValueExtendedProperties: extendedPropertiesSchema,
});
export type TimedEvent = z.infer<typeof timedEventSchema>;

/** The fields of `timedEventSchema`, so that Graph does not send the texts of the events, private ones included. */
export const timedEventFields =
  'id,isAllDay,isCancelled,showAs,start,end,originalStartTimeZone,responseStatus';

/**
 * Who works elsewhere can still come; every other status blocks, the unknown ones too.
 * https://learn.microsoft.com/graph/api/resources/event#properties
 */
const freeStatuses: ReadonlySet<string> = new Set(['free', 'workingElsewhere']);

/** Returns whether the event counts as busy. Tentative and unanswered events do. */
export const blocksTime = ({ isCancelled, showAs, responseStatus }: TimedEvent): boolean =>
  !isCancelled && !freeStatuses.has(showAs ?? 'busy') && responseStatus?.response !== 'declined';

/**
 * Returns when the event begins and ends; undefined when its times cannot be read. The end can be before the start.
 * Without the zone of the mailbox, the dates of an event are read in the zone in which it was created, or in UTC.
 */
export const timesOf = (event: TimedEvent, mailboxZone: string | undefined): BusyInterval | undefined => {
  if (event.isAllDay) return allDayInterval(event.start, event.end, zoneOf(event, mailboxZone));
  const [start, end] = [instantOf(event.start), instantOf(event.end)];
  return start === undefined || end === undefined ? undefined : { start, end };
};

/** Returns the IANA zone of the event: of the mailbox when it lasts all day, else the one in which it was created. */
export const zoneOf = (
  { isAllDay, originalStartTimeZone }: TimedEvent,
  mailboxZone: string | undefined,
): string => (isAllDay ? mailboxZone : undefined) ?? ianaZoneOf(originalStartTimeZone ?? '') ?? 'UTC';
