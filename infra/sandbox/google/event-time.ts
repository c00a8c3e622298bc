/**
 * Reads and renders the start and end of an event: a date, or a date and time with an offset or a separate
 * zone.
 */
import { DateTime, IANAZone } from 'luxon';
import { z } from 'zod';
import { readLocal } from '../time.ts';
import { GoogleError, invalid } from './errors.ts';

export const eventTimeSchema = z.object({
  date: z.iso.date().optional(),
  dateTime: z.string().optional(),
  timeZone: z.string().optional(),
});
export type EventTime = z.infer<typeof eventTimeSchema>;

const hasOffset = /(Z|[+-]\d\d:?\d\d)$/i;

/**
 * Returns the epoch milliseconds of an event's start or end. `readLocal` resolves local times.
 *
 * @throws {GoogleError} Google's 400 when the time is invalid.
 */
export const readTime = (time: EventTime, calendarZone: string, which: 'start' | 'end'): number => {
  if (time.timeZone !== undefined && !IANAZone.isValidZone(time.timeZone)) {
    throw invalid(`Invalid time zone definition for ${which} time.`);
  }
  if (time.date !== undefined && time.dateTime !== undefined) {
    throw invalid(`Invalid ${which} time: give either date or dateTime.`);
  }
  if (time.date !== undefined) return DateTime.fromISO(time.date, { zone: calendarZone }).toMillis();
  if (time.dateTime === undefined) {
    throw new GoogleError({ code: 400, reason: 'required', message: `Missing ${which} time.` });
  }
  const withOffset = hasOffset.test(time.dateTime);
  if (!withOffset && time.timeZone === undefined) {
    const message = `Missing time zone definition for ${which} time.`;
    throw new GoogleError({ code: 400, reason: 'required', message });
  }
  const read = readLocal(time.dateTime, time.timeZone ?? 'utc');
  if (read === undefined) throw invalid(`Invalid value for: Invalid format: "${time.dateTime}"`);
  return read;
};

/**
 * Returns a time in a zone as RFC 3339 without milliseconds: `2026-03-29T03:30:00+02:00`, or with Z in UTC.
 */
export const formatIn = (epochMs: number, zone: string): string =>
  zone === 'UTC'
    ? `${new Date(epochMs).toISOString().slice(0, 19)}Z`
    : DateTime.fromMillis(epochMs, { zone }).toFormat("yyyy-MM-dd'T'HH:mm:ssZZ");

/** Returns a time in the calendar's zone and, separately, the zone it was written in, as Google does. */
export const renderTime = (time: EventTime, epochMs: number, calendarZone: string): EventTime =>
  time.date === undefined
    ? { dateTime: formatIn(epochMs, calendarZone), timeZone: time.timeZone ?? calendarZone }
    : { date: time.date };

/**
 * Parses an RFC 3339 instant of a query.
 *
 * @throws {GoogleError} a 400 when it is invalid or has no offset.
 */
export const readInstant = (text: string, name: string): number => {
  const read = hasOffset.test(text) ? DateTime.fromISO(text) : undefined;
  if (!read?.isValid)
    throw new GoogleError({ code: 400, reason: 'badRequest', message: `Bad Request: ${name}` });
  return read.toMillis();
};
