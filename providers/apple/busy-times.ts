/** Reads when a CalDAV calendar is busy. Recurrences are expanded here: servers do it too, and not all of them correctly. */
import { day } from '../../domain/time/units.ts';
import { type BusyTime, eachBusyTimes } from '../icalendar/busy-times.ts';
import { addressesOf } from '../icalendar/event.ts';
import type { CalendarFault } from '../icalendar/faults.ts';
import { commonZone } from '../icalendar/zones/common-zone.ts';
import { withoutEffect } from '../operations.ts';
import { readCollectionState } from './collection.ts';
import { appleError } from './errors.ts';
import { calendarUrlOf, queryEvents } from './event-resources.ts';
import { type CaldavScope, reportFaults } from './exchange.ts';
import { createOwnersZone } from './owners-zone.ts';
import { maxBusyTimes } from './settings.ts';
import { createTurns } from './turns.ts';

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
  const { resources: events, withoutText } = await queryEvents(scope, url, {
    from: window.start - day,
    until: window.end + day,
  });
  // A server exists that finds no event in a calendar that does not exist: DAViCal. It is not free.
  if (events.length === 0 && withoutText.length === 0) await readCollectionState(scope, url);
  const addresses = addressesOf(scope.connection.account);
  const faults: CalendarFault[] = withoutText.map(() => noText);
  const turns = createTurns(scope.call.signal);
  const inOwnersZone = createOwnersZone(scope, url, turns, () => commonZone(events.map(({ text }) => text)));
  const busy: BusyTime[] = [];
  for (const { text } of events) {
    const read = await inOwnersZone((owner, report) =>
      eachBusyTimes(text, { window, owner, addresses }, report),
    );
    // Not spread as arguments: there can be too many for the stack.
    for (const time of read.items) busy.push(time);
    for (const fault of read.faults) faults.push(fault);
    if (busy.length > maxBusyTimes) throw tooManyEvents(scope);
    await turns.next();
  }
  reportFaults(scope, url, faults);
  return busy;
};

const noText: CalendarFault = { code: 'no_component', uid: undefined, about: 'VCALENDAR' };

const tooManyEvents = ({ operation }: CaldavScope) =>
  appleError(withoutEffect(operation), {
    code: 'too_many_events',
    message: `the calendar has more than ${maxBusyTimes} busy times in the window`,
  });
