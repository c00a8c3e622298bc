/**
 * Translates Windows names of time zones, which Outlook uses, to names of the IANA database. The table is CLDR's
 * windowsZones: https://cldr.unicode.org/translation/time-zones-and-currencies/time-zones
 */
import { findIana } from 'windows-iana';
import { isZoneName } from '../../domain/time/zone-names.ts';

/**
 * Returns the IANA zone for a Windows name, the one of the territory that Windows shows first. An IANA name is returned
 * unchanged. Returns undefined for any other text, such as `tzone://Microsoft/Custom` or `Customized Time Zone`.
 */
export const ianaZoneOf = (name: string): string | undefined => {
  if (isZoneName(name)) return name;
  const [zone] = findIana(name);
  return zone !== undefined && isZoneName(zone) ? zone : undefined;
};
