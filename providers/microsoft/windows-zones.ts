/** Reads the names of time zones that Outlook uses. */
import { isZoneName } from '../../domain/time/zone-names.ts';
import { zoneOfWindowsName } from '../windows-zones.ts';

/**
 * Returns the IANA zone for a Windows name, the one of the territory that Windows shows first. An IANA name is returned
 * unchanged. Returns undefined for any other text, such as `tzone://Microsoft/Custom` or `Customized Time Zone`.
 */
export const ianaZoneOf = (name: string): string | undefined => {
  if (isZoneName(name)) return name;
  const zone = zoneOfWindowsName(name);
  return zone !== undefined && isZoneName(zone) ? zone : undefined;
};
