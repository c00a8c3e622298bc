/** Converts between the clock of a zone and instants, for the zones of the IANA database and for those of a calendar. */
import { day } from '../../../domain/time/units.ts';

export interface Zone {
  /** Returns the offset from UTC in milliseconds, positive in the east. */
  readonly offsetAt: (epochMs: number) => number;
}

export const utc: Zone = { offsetAt: () => 0 };

/**
 * Returns the instant at which the clock of the zone shows a local time. A time that the clock shows twice is the first
 * of both. A time that it skips is read with the offset before the gap (RFC 5545, section 3.3.5).
 *
 * @param localMs the local time, in milliseconds read as UTC
 */
export const instantOf = (zone: Zone, localMs: number): number => {
  const before = zone.offsetAt(localMs - day);
  const first = localMs - before;
  if (zone.offsetAt(first) === before) return first;
  const after = zone.offsetAt(localMs + day);
  const second = localMs - after;
  return zone.offsetAt(second) === after ? second : first;
};

/** Returns the local time at an instant. */
export const localTimeOf = (zone: Zone, epochMs: number): number => epochMs + zone.offsetAt(epochMs);
