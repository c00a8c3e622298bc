/** Between instants and milliseconds. Free of schemas and of zones, so that workflow code can use it. */
import type { Instant } from './instant.ts';

/** Epoch milliseconds as an instant. Throws `RangeError` outside the years an instant can be written in. */
export const toInstant = (epochMs: number): Instant => {
  const text = new Date(epochMs).toISOString();
  if (text.length !== '2026-12-01T09:00:00.000Z'.length) {
    throw new RangeError(`${text} is outside the years 0000 to 9999`);
  }
  return `${text.slice(0, -1)}Z`;
};

/** An instant as epoch milliseconds. */
export const toEpochMs = (instant: Instant): number => Date.parse(instant);
