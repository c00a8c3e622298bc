/** Finds where a calendar day begins. */
import { DateTime } from 'luxon';
import { toInstant } from './epoch.ts';
import type { Instant } from './instant.ts';
import { isKnownZone } from './known-zone.ts';

/**
 * Returns the first moment of a day in a zone. When the clock change skips midnight, that is the end of the gap. Uses
 * UTC for a zone that this version of Node does not know.
 * @param date `2026-12-01`
 */
export const startOfDay = (date: string, zone: string): Instant =>
  toInstant(
    DateTime.fromISO(date, { zone: isKnownZone(zone) ? zone : 'utc' })
      .startOf('day')
      .toMillis(),
  );
