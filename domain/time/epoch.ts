/** Converts between instants and epoch milliseconds. Imports no schemas and no zones: workflow code uses it. */
import type { Instant } from './instant.ts';

/** Returns the instant of the epoch milliseconds. @throws RangeError outside the years 0000 to 9999 */
export const toInstant = (epochMs: number): Instant => {
  const text = new Date(epochMs).toISOString();
  if (text.length !== '2026-12-01T09:00:00.000Z'.length) {
    throw new RangeError(`${text} is outside the years 0000 to 9999`);
  }
  return `${text.slice(0, -1)}Z`;
};

const [first, last] = [Date.parse('0000-01-01T00:00:00.000Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/**
 * Returns the instant of the epoch milliseconds; outside the years 0000 to 9999, the first or the last instant. For times
 * that people write as "always": a blackout until 9999-12-31 ends on a day that has no date.
 */
export const nearestInstant = (epochMs: number): Instant =>
  toInstant(Math.min(Math.max(epochMs, first), last));

/** Returns the epoch milliseconds of the instant. */
export const toEpochMs = (instant: Instant): number => Date.parse(instant);
