/** Finds the zone of each time in a calendar. */
import { cutText } from '../../../domain/text-length.ts';
import { type Component, componentsNamed } from '../content-lines.ts';
import type { ReportFault } from '../faults.ts';
import { type CalendarTime, textOf } from '../properties.ts';
import { calendarZone } from './calendar-zone.ts';
import { ianaNameOf, isAmbiguousTzid, zoneOfTzid } from './iana-zone.ts';
import { utc, type Zone } from './zone.ts';

/** Programs write the name of a zone in another case or with a space where they define it. */
const keyOf = (tzid: string): string => tzid.trim().toLowerCase();

export interface Zones {
  /** The zone of floating times and of days. */
  readonly owner: Zone;
  /** Returns the zone that a time is read in. @param uid of the event, for the fault when there is no such zone. */
  zoneOf(time: CalendarTime, uid: string | undefined): Zone;
  /** Returns the IANA name of the zone that times with a TZID are read in; undefined when it has none. */
  nameOf(tzid: string): string | undefined;
}

/**
 * Creates the zones of a calendar. A TZID that names a zone of the IANA database is that zone, also when the calendar
 * defines it: definitions in calendars are often outdated. A name without an area, such as `EST`, and any other TZID is what
 * the calendar defines. Without a definition, an unknown TZID is the owner's zone, and a fault is reported.
 */
export const createZones = (
  components: readonly Component[],
  owner: Zone,
  reportFault: ReportFault,
): Zones => {
  const definitions = new Map(
    componentsNamed(components, 'VTIMEZONE').map((component) => [
      keyOf(textOf(component, 'TZID') ?? ''),
      component,
    ]),
  );
  const zones = new Map<string, Zone | undefined>();

  const defined = (tzid: string): Zone | undefined => {
    const component = definitions.get(keyOf(tzid));
    if (!component) return undefined;
    const location = textOf(component, 'X-LIC-LOCATION');
    return (location === undefined ? undefined : zoneOfTzid(location)) ?? calendarZone(component);
  };

  const find = (tzid: string, uid: string | undefined): Zone => {
    if (!zones.has(tzid)) {
      const zone = isAmbiguousTzid(tzid)
        ? (defined(tzid) ?? zoneOfTzid(tzid))
        : (zoneOfTzid(tzid) ?? defined(tzid));
      if (!zone) reportFault({ code: 'unknown_zone', uid, about: cutText(tzid, 80) });
      zones.set(tzid, zone);
    }
    return zones.get(tzid) ?? owner;
  };

  return {
    owner,
    nameOf: (tzid) => (isAmbiguousTzid(tzid) && definitions.has(keyOf(tzid)) ? undefined : ianaNameOf(tzid)),
    zoneOf: ({ form, tzid }, uid) => {
      switch (form) {
        case 'utc':
          return utc;
        case 'date':
        case 'floating':
          return owner;
        case 'zoned':
          return tzid === undefined ? owner : find(tzid, uid);
      }
    },
  };
};
