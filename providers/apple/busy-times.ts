/** Reads when a CalDAV calendar is busy. Recurrences are expanded here: servers do it too, and not all of them correctly. */
import { setImmediate } from 'node:timers/promises';
import { day } from '../../domain/time/units.ts';
import { type BusyTime, readBusyTimes } from '../icalendar/busy-times.ts';
import { componentsNamed, readComponents, unfold } from '../icalendar/content-lines.ts';
import type { CalendarFault } from '../icalendar/faults.ts';
import { textOf } from '../icalendar/properties.ts';
import { calendarZone } from '../icalendar/zones/calendar-zone.ts';
import { commonZone } from '../icalendar/zones/common-zone.ts';
import { zoneOfTzid } from '../icalendar/zones/iana-zone.ts';
import { utc, type Zone } from '../icalendar/zones/zone.ts';
import { withoutEffect } from '../operations.ts';
import { appleError } from './errors.ts';
import { calendarUrlOf, queryEvents, readCalendarZone } from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';
import { maxBusyTimes } from './settings.ts';

const maxReportedFaults = 5;

/** How long the events are expanded before other work of the process gets its turn, in milliseconds. */
const turnMs = 20;

/**
 * Returns the times in the window that the events of a calendar block. An event that cannot be read blocks no time; one
 * with too many occurrences blocks all of the window. Both are reported.
 *
 * @throws {ProviderError} also when there are too many: an incomplete list must not count as free time.
 */
export const readCalendar = async (
  scope: CaldavScope,
  calendarId: string,
  { from, until }: { readonly from: string; readonly until: string },
): Promise<readonly BusyTime[]> => {
  const url = calendarUrlOf(scope.operation, calendarId);
  const window = { start: Date.parse(from), end: Date.parse(until) };
  // The server may read days and floating times in another zone than the calendar's.
  const events = await queryEvents(scope, url, { from: window.start - day, until: window.end + day });
  const addresses = new Set([scope.connection.account.trim().toLowerCase()]);
  const faults: CalendarFault[] = [];
  let owner: Zone | undefined;
  const busy: BusyTime[] = [];
  let turnBegan = performance.now();
  for (const { text } of events) {
    const probe = watchedZone(owner ?? utc);
    let found: CalendarFault[] = [];
    let times = readBusyTimes(text, { window, owner: probe, addresses }, (fault) => found.push(fault));
    if (!owner && probe.isUsed()) {
      owner = await ownersZone(scope, url, events);
      found = [];
      times = readBusyTimes(text, { window, owner, addresses }, (fault) => found.push(fault));
    }
    busy.push(...times);
    faults.push(...found);
    if (busy.length > maxBusyTimes) throw tooManyEvents(scope);
    if (performance.now() - turnBegan < turnMs) continue;
    await setImmediate();
    scope.call.signal.throwIfAborted();
    turnBegan = performance.now();
  }
  if (faults.length > 0) {
    const { id: connection, organization } = scope.connection;
    const first = faults.slice(0, maxReportedFaults).map(({ code, about }) => `${code}: ${about}`);
    scope.reportUnreadable({ connection, organization, count: faults.length, faults: first });
  }
  return busy;
};

const tooManyEvents = ({ operation }: CaldavScope) =>
  appleError(withoutEffect(operation), {
    code: 'too_many_events',
    message: `the calendar has more than ${maxBusyTimes} busy times in the window`,
  });

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
const ownersZone = async (
  scope: CaldavScope,
  url: string,
  events: readonly { readonly text: string }[],
): Promise<Zone> => {
  const { name, definition } = await readCalendarZone(scope, url);
  const [component] = componentsNamed(readComponents(unfold(definition ?? '')), 'VTIMEZONE');
  const candidates = [
    name,
    component && textOf(component, 'X-LIC-LOCATION'),
    component && textOf(component, 'TZID'),
  ];
  const named = candidates.flatMap((tzid) => (tzid === undefined ? [] : (zoneOfTzid(tzid) ?? [])));
  return (
    named[0] ?? (component && calendarZone(component)) ?? commonZone(events.map(({ text }) => text)) ?? utc
  );
};
