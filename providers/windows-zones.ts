/**
 * Translates Windows names of time zones to names of the IANA database. The table is CLDR's windowsZones:
 * https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml
 */
import { WINDOWS_TO_IANA_MAP } from 'windows-iana';

/**
 * Names that CLDR leaves out. Windows still offers the first two, marked as old, and Exchange writes the third.
 * https://learn.microsoft.com/windows-hardware/manufacture/desktop/default-time-zones
 */
const others = [
  ['Kamchatka Standard Time', 'Asia/Kamchatka'],
  ['Mid-Atlantic Standard Time', 'Etc/GMT+2'],
  ['tzone://Microsoft/Utc', 'UTC'],
] as const;

const zonesByLowerCase: ReadonlyMap<string, string> = new Map([
  ...others.map(([name, zone]) => [name.toLowerCase(), zone] as const),
  ...WINDOWS_TO_IANA_MAP.flatMap(({ windowsName, territory, iana: [zone] }) =>
    territory === '001' && zone !== undefined ? [[windowsName.toLowerCase(), zone] as const] : [],
  ),
]);

/** Returns the IANA zone of the territory that Windows shows first. Undefined for any other text. In any spelling. */
export const zoneOfWindowsName = (name: string): string | undefined =>
  zonesByLowerCase.get(name.toLowerCase());
