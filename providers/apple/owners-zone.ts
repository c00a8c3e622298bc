/** Finds the zone of days and floating times in a calendar. */
import { componentsNamed, readComponents, unfold } from '../icalendar/content-lines.ts';
import type { CalendarFault, ReportFault } from '../icalendar/faults.ts';
import { textOf } from '../icalendar/properties.ts';
import { calendarZone } from '../icalendar/zones/calendar-zone.ts';
import { zoneOfTzid } from '../icalendar/zones/iana-zone.ts';
import { utc, type Zone } from '../icalendar/zones/zone.ts';
import { readCalendarZone } from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';
import type { Turns } from './turns.ts';

interface Read<Item> {
  readonly items: readonly Item[];
  readonly faults: readonly CalendarFault[];
  /** Reading has failed unexpectedly. `items` is what was read before. */
  readonly isIncomplete: boolean;
}

/** Reads a resource in small steps. */
type ReadSteps<Item> = (owner: Zone, reportFault: ReportFault) => Generator<readonly Item[]>;

/** The most faults of one resource that are counted. */
const maxFaults = 1_000;

/**
 * Creates a function that reads with the zone of the owner. The zone is requested when a reading needs it for the first
 * time: most calendars have no time that does. `read` is then called a second time.
 *
 * An unexpected error of one resource is a fault of that resource: otherwise, it would stop the reading of all others.
 *
 * @param turns of the reading. Other work of the process gets its turn between the steps.
 * @param common returns the zone that most events of the calendar name
 */
export const createOwnersZone = (
  scope: CaldavScope,
  url: string,
  turns: Turns,
  common: () => Zone | undefined,
) => {
  let known: Zone | undefined;
  return async <Item>(read: ReadSteps<Item>): Promise<Read<Item>> => {
    const watched = watchedZone(known ?? utc);
    const first = await readInTurns(read, watched, turns);
    if (known || !watched.isUsed()) return first;
    known = await ownersZone(scope, url, common());
    return readInTurns(read, known, turns);
  };
};

const readInTurns = async <Item>(read: ReadSteps<Item>, owner: Zone, turns: Turns): Promise<Read<Item>> => {
  const items: Item[] = [];
  const faults: CalendarFault[] = [];
  const steps = read(owner, (fault) => {
    if (faults.length < maxFaults) faults.push(fault);
  });
  for (;;) {
    const step = nextOf(steps);
    if (step === 'failed') {
      faults.push({ code: 'not_read', uid: undefined, about: 'VCALENDAR' });
      return { items, faults, isIncomplete: true };
    }
    if (step.done) return { items, faults, isIncomplete: false };
    for (const item of step.value) items.push(item);
    await turns.next();
  }
};

const nextOf = <Item>(steps: Generator<readonly Item[]>): IteratorResult<readonly Item[]> | 'failed' => {
  try {
    return steps.next();
  } catch {
    return 'failed';
  }
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
