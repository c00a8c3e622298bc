/** Local times of a zone, where they are skipped and where they happen twice. */
import { DateTime } from 'luxon';

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
