/** The sandbox's clock, the times that it writes, and the local times that it reads. */
import { DateTime } from 'luxon';

export const dayMs = 86_400_000;

/** Epoch milliseconds. A test hands in its own to make tokens expire and days end. */
export type Clock = () => number;

/** RFC 3339 in UTC without milliseconds, as Zoom writes times; a fraction is rounded up, never into the past. */
export const wholeSeconds = (epochMs: number): string =>
  `${new Date(Math.ceil(epochMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;

/**
 * Epoch milliseconds of an ISO time, read in the zone unless it carries an offset; undefined when it cannot be read.
 * A local time that the zone skips is moved on by the length of the gap; one that happens twice means the first.
 */
export const readLocal = (text: string, zone: string): number | undefined => {
  const read = DateTime.fromISO(text, { zone });
  if (!read.isValid) return undefined;
  // Luxon prefers the offset that the zone has today: the same time would mean another instant half a year later.
  const offset = /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  return offset ? read.toMillis() : Math.min(...read.getPossibleOffsets().map((time) => time.toMillis()));
};
