/** Finds the zone of the IANA database that a TZID names. Calendar programs write these names in many ways. */
import { IANAZone } from 'luxon';
import { findIana } from 'windows-iana';
import { minute } from '../../../domain/time/units.ts';
import { cachedOffsets } from '../../../domain/time/zone-clock.ts';
import { isZoneName } from '../../../domain/time/zone-names.ts';
import { utc, type Zone } from './zone.ts';

const known = new Map<string, Zone>();

/** Returns the zone with this name. */
export const ianaZone = (name: string): Zone => {
  const zone = known.get(name);
  if (zone) return zone;
  const { offsetAt } = cachedOffsets(name);
  const created: Zone = { offsetAt: (epochMs) => offsetAt(epochMs) * minute };
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
 * (https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml).
 */
export const ianaNameOf = (tzid: string): string | undefined => {
  const name = tzid.trim();
  if (/^(UTC|GMT|Z)$/i.test(name)) return 'UTC';
  const exact = existing(name);
  if (exact !== undefined) return exact;
  const [windows] = findIana(name);
  if (windows !== undefined) return windows;
  const parts = name.split('/').filter((part) => part !== '');
  for (let from = 1; from < parts.length; from += 1) {
    const rest = existing(parts.slice(from).join('/'));
    if (rest !== undefined) return rest;
  }
  return undefined;
};

/** Node knows names in any spelling, and offsets such as `+01:00`, which are no names. */
const existing = (name: string): string | undefined =>
  (isZoneName(name) || /^[A-Za-z]+(_[A-Za-z]+)*\/[A-Za-z_/+-]+$/.test(name)) && IANAZone.isValidZone(name)
    ? name
    : undefined;
