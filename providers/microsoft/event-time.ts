/**
 * Reads and writes the times of events: https://learn.microsoft.com/graph/api/resources/datetimetimezone. A time has no
 * offset; its zone is beside it. Events are requested in UTC and written in UTC, so that no clock change and no table of
 * zones can move them.
 */
import { DateTime } from 'luxon';
import { z } from 'zod';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { nearestInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { startOfDay } from '../../domain/time/start-of-day.ts';
import { ianaZoneOf } from './windows-zones.ts';

export const graphTimeSchema = z.object({
  dateTime: z.string().describe('Local time without an offset, with seven digits after the second'),
  timeZone: z.string().nullish().describe('A Windows or IANA name, or tzone://Microsoft/Custom'),
});
type GraphTime = z.infer<typeof graphTimeSchema>;

/** The preference for times in UTC. All-day events ignore it. */
export const timesInUtc = 'outlook.timezone="UTC"';

/** Returns the instant as Graph writes it. */
export const graphTimeOf = (instant: Instant) => ({ dateTime: instant.slice(0, -1), timeZone: 'UTC' });

/** Returns the epoch milliseconds; undefined for a text that is no time. One without an offset is in UTC. */
export const epochMsOf = (text: string): number | undefined => {
  const read = DateTime.fromISO(text, { zone: 'utc' });
  return read.isValid ? read.toMillis() : undefined;
};

/** Returns the zone of a time, if it is not known here. */
export const unknownZoneIn = ({ timeZone }: GraphTime): string | undefined =>
  timeZone && ianaZoneOf(timeZone) === undefined ? timeZone : undefined;

/** Returns the instant of a time; undefined when it cannot be read. A zone that is unknown here counts as UTC. */
export const instantOf = ({ dateTime, timeZone }: GraphTime): Instant | undefined => {
  const zone = (timeZone && ianaZoneOf(timeZone)) ?? 'utc';
  const read = DateTime.fromISO(dateTime, { zone });
  return read.isValid ? nearestInstant(read.toMillis()) : undefined;
};

/**
 * Returns the time of an event that lasts all day. Its dates have no zone: they begin and end at midnight in the zone of
 * the mailbox.
 */
export const allDayInterval = (start: GraphTime, end: GraphTime, zone: string): BusyInterval | undefined => {
  const [first, last] = [dateOf(start), dateOf(end)];
  return first === undefined || last === undefined
    ? undefined
    : { start: startOfDay(first, zone), end: startOfDay(last, zone) };
};

const dateOf = ({ dateTime }: GraphTime): string | undefined =>
  DateTime.fromISO(dateTime, { zone: 'utc' }).toISODate() ?? undefined;
