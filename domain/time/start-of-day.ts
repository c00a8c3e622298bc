/** Finds where a calendar day begins. */
import { DateTime } from 'luxon';
import { nearestInstant } from './epoch.ts';
import type { Instant } from './instant.ts';
import { isKnownZone } from './known-zone.ts';

/**
 * Returns the first moment of a day in a zone. When the clock change skips midnight, that is the end of the gap. Uses
 * UTC for a zone that this version of Node does not know. Days at the edges of the years 0000 to 9999 begin with the first,
 * or end with the last instant.
 * @param date `2026-12-01`
 */
export const startOfDay = (date: string, zone: string): Instant =>
  nearestInstant(dayIn(date, zone).toMillis());

/** Returns the first moment after a day in a zone, as `startOfDay` does. */
export const endOfDay = (date: string, zone: string): Instant =>
  nearestInstant(dayIn(date, zone).plus({ days: 1 }).startOf('day').toMillis());

const dayIn = (date: string, zone: string): DateTime =>
  DateTime.fromISO(date, { zone: isKnownZone(zone) ? zone : 'utc' }).startOf('day');
