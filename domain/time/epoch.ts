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

/** Returns the epoch milliseconds of the instant. */
export const toEpochMs = (instant: Instant): number => Date.parse(instant);
