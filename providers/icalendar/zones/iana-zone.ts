/** Finds the zone of the IANA database that a TZID names. Calendar programs write these names in many ways. */
import { minute } from '../../../domain/time/units.ts';
import { cachedOffsets } from '../../../domain/time/zone-clock.ts';
import { zoneNameOf } from '../../../domain/time/zone-names.ts';
import { zoneOfWindowsName } from '../../windows-zones.ts';
import { utc, type Zone } from './zone.ts';

/** Each zone keeps the offsets of many days. */
const maxKnown = 100;
const known = new Map<string, Zone>();

/** Returns the zone with this name. @param name of an existing zone, in its exact spelling */
export const ianaZone = (name: string): Zone => {
  const zone = known.get(name);
  if (zone) return zone;
  const { offsetAt } = cachedOffsets(name);
  const created: Zone = { offsetAt: (epochMs) => offsetAt(epochMs) * minute };
  const [oldest] = known.keys();
  if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest);
  known.set(name, created);
  return created;
};

/** Returns the zone of a TZID; undefined when the name is not known. */
export const zoneOfTzid = (tzid: string): Zone | undefined => {
  const name = ianaNameOf(tzid);
  if (name === undefined) return undefined;
  return name === 'UTC' ? utc : ianaZone(name);
};

/**
 * Returns the IANA name of a TZID: an IANA name, one with a prefix such as
 * `/freeassociation.sourceforge.net/Europe/Paris` or `/mozilla.org/20050126_1/Europe/Berlin`, or a Windows name
 * (https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml). The name is returned in its exact
 * spelling, because zones are kept by name. After a prefix, it must have an area: `Custom/EST` is a name of its own.
 */
export const ianaNameOf = (tzid: string): string | undefined => {
  const name = tzid.trim();
  if (/^(UTC|GMT|Z)$/i.test(name)) return 'UTC';
  const exact = zoneNameOf(name);
  if (exact !== undefined) return exact;
  const windows = zoneOfWindowsName(name);
  if (windows !== undefined) return windows;
  const parts = name.split('/').filter((part) => part !== '');
  for (let from = 1; from < parts.length; from += 1) {
    const rest = zoneNameOf(parts.slice(from).join('/'));
    if (rest?.includes('/')) return rest;
  }
  return undefined;
};

/**
 * Returns whether a TZID is an IANA name without an area, such as `EST` or `GMT`. Programs write such a name for a zone of
 * their own: `EST` with a daylight saving time that the zone of the IANA database does not have.
 */
export const isAmbiguousTzid = (tzid: string): boolean => {
  const name = tzid.trim();
  return !name.includes('/') && (/^Z$/i.test(name) || zoneNameOf(name) !== undefined);
};
