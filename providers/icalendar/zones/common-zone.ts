/** Finds the zone of a calendar that names none. */
import { zoneOfTzid } from './iana-zone.ts';
import type { Zone } from './zone.ts';

/** Returns the TZID that the starts of most events name. */
export const commonTzid = (texts: readonly string[]): string | undefined => {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [, tzid = ''] of text.matchAll(/^DTSTART;(?:[^:\r\n]*;)?TZID="?([^":;\r\n]+)/gim)) {
      counts.set(tzid, (counts.get(tzid) ?? 0) + 1);
    }
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most?.[0];
};

/** Returns the zone in which most of the events start. */
export const commonZone = (texts: readonly string[]): Zone | undefined => {
  const tzid = commonTzid(texts);
  return tzid === undefined ? undefined : zoneOfTzid(tzid);
};
