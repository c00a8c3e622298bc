/** Finds where a calendar day begins. */
import { DateTime, IANAZone } from 'luxon';
import { toInstant } from './epoch.ts';
import type { Instant } from './instant.ts';

/**
 * Returns the first moment of a day in a zone. When the clock change skips midnight, that is the end of the gap. Uses
 * UTC for a zone that this version of Node does not know.
 * @param date `2026-12-01`
 */
export const startOfDay = (date: string, zone: string): Instant =>
  toInstant(
    DateTime.fromISO(date, { zone: IANAZone.isValidZone(zone) ? zone : 'utc' })
      .startOf('day')
      .toMillis(),
  );
