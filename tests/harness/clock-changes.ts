/** Finds the days on which clocks change. */
import { DateTime } from 'luxon';
import { hour } from '../../domain/time/units.ts';

/** Zones of both hemispheres, with the names that Outlook has for them. */
export const changingZones = [
  { zone: 'Europe/Paris', windowsZone: 'Romance Standard Time' },
  { zone: 'America/New_York', windowsZone: 'Eastern Standard Time' },
  { zone: 'Australia/Sydney', windowsZone: 'AUS Eastern Standard Time' },
] as const;
export type ChangingZone = (typeof changingZones)[number];

/** Returns the full hours, in epoch milliseconds, at which the offset of the zone changes between the two times. */
export const clockChangesOf = (zone: string, from: number, until: number): readonly number[] => {
  const offsetAt = (at: number): number => DateTime.fromMillis(at, { zone }).offset;
  const changes: number[] = [];
  for (let at = Math.ceil(from / hour) * hour; at < until; at += hour) {
    if (offsetAt(at) !== offsetAt(at - hour)) changes.push(at);
  }
  return changes;
};
