/** Finds the zone of days and floating times in a calendar. */
import { componentsNamed, readComponents, unfold } from '../icalendar/content-lines.ts';
import type { CalendarFault, ReportFault } from '../icalendar/faults.ts';
import { textOf } from '../icalendar/properties.ts';
import { calendarZone } from '../icalendar/zones/calendar-zone.ts';
import { zoneOfTzid } from '../icalendar/zones/iana-zone.ts';
import { utc, type Zone } from '../icalendar/zones/zone.ts';
import { readCalendarZone } from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';

interface Read<Result> {
  readonly result: Result;
  readonly faults: readonly CalendarFault[];
}

/**
 * Creates a function that reads with the zone of the owner. The zone is requested when a reading needs it for the first
 * time: most calendars have no time that does. `read` is then called a second time.
 *
 * @param common returns the zone that most events of the calendar name
 */
export const createOwnersZone = (scope: CaldavScope, url: string, common: () => Zone | undefined) => {
  let known: Zone | undefined;
  return async <Result>(read: (owner: Zone, reportFault: ReportFault) => Result): Promise<Read<Result>> => {
    const readWith = (owner: Zone): Read<Result> => {
      const faults: CalendarFault[] = [];
      return { result: read(owner, (fault) => faults.push(fault)), faults };
    };
    const watched = watchedZone(known ?? utc);
    const first = readWith(watched);
    if (known || !watched.isUsed()) return first;
    known = await ownersZone(scope, url, common());
    return readWith(known);
  };
};

/** Returns the zone, and tells whether it was used: most calendars have no time that needs the zone of the owner. */
const watchedZone = ({ offsetAt }: Zone): Zone & { isUsed(): boolean } => {
  let used = false;
  return {
    offsetAt: (epochMs) => {
      used = true;
      return offsetAt(epochMs);
    },
    isUsed: () => used,
  };
};

/**
 * Returns the zone in which the owner's days begin: that of the calendar; else the one that most of its events name; else
 * UTC.
 */
const ownersZone = async (scope: CaldavScope, url: string, common: Zone | undefined): Promise<Zone> => {
  const { name, definition } = await readCalendarZone(scope, url);
  const [component] = componentsNamed(readComponents(unfold(definition ?? '')), 'VTIMEZONE');
  const candidates = [
    name,
    component && textOf(component, 'X-LIC-LOCATION'),
    component && textOf(component, 'TZID'),
  ];
  const named = candidates.flatMap((tzid) => (tzid === undefined ? [] : (zoneOfTzid(tzid) ?? [])));
  return named[0] ?? (component && calendarZone(component)) ?? common ?? utc;
};
