/** Defines the sandbox's clock and the formats of its times. */
import { DateTime } from 'luxon';

export const dayMs = 86_400_000;

/** Returns epoch milliseconds. A test passes its own clock to expire tokens and change the day. */
export type Clock = () => number;

/**
 * Returns a time as RFC 3339 in UTC without milliseconds, as Zoom does. Rounds up, so that the result is
 * never in the past.
 */
export const wholeSeconds = (epochMs: number): string =>
  `${new Date(Math.ceil(epochMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;

/**
 * Returns the epoch milliseconds of an ISO time, or undefined when it is invalid. A time without offset is
 * read in the zone. A local time in a DST gap is moved forward by the length of the gap. An ambiguous local
 * time means the first of the two.
 */
export const readLocal = (text: string, zone: string): number | undefined => {
  const read = DateTime.fromISO(text, { zone });
  if (!read.isValid) return undefined;
  // Luxon prefers the zone's current offset, so that the same text would mean another instant half a year later.
  const offset = /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  return offset ? read.toMillis() : Math.min(...read.getPossibleOffsets().map((time) => time.toMillis()));
};

/** Returns the same local time so many days later. A time in a DST gap, or twice on its day, is read as `readLocal` does. */
export const daysLater = (epochMs: number, days: number, zone: string): number => {
  const later = DateTime.fromMillis(epochMs, { zone }).plus({ days });
  // In a gap, Luxon has moved the local time already, so it is taken from the day and the original clock.
  const clock = DateTime.fromMillis(epochMs, { zone }).toFormat('HH:mm:ss.SSS');
  return readLocal(`${later.toISODate()}T${clock}`, zone) ?? later.toMillis();
};
