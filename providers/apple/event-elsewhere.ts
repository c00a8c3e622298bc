/** Finds out whether an event is in another calendar of its account. Servers exist that permit each UID once in an account. */
import { ProviderError } from '../../domain/errors.ts';
import { withoutEffect } from '../operations.ts';
import { listCalendars } from './calendar-list.ts';
import { caldavCalendarName } from './calendar-name.ts';
import { calendarUrlOf } from './event-resources.ts';
import { findQuickly } from './event-search.ts';
import type { CaldavScope } from './exchange.ts';

/** How many calendars are searched simultaneously. */
const calendarsPerGroup = 4;

/**
 * Returns whether another calendar of the account has an event with this UID. A calendar that cannot be read has none.
 *
 * @throws {ProviderError} when the calendars cannot be listed
 */
export const isInAnotherCalendar = async (
  caller: CaldavScope,
  calendarUrl: string,
  uid: string,
): Promise<boolean> => {
  const scope = { ...caller, operation: withoutEffect(caller.operation) };
  const own = caldavCalendarName(calendarUrl);
  const others = (await listCalendars(scope)).map(({ calendarId }) => calendarId);
  return isInOneOf(
    scope,
    others.filter((calendarId) => caldavCalendarName(calendarId) !== own),
    uid,
  );
};

/** Returns whether one of the calendars has an event with this UID. A calendar that cannot be read has none. */
export const isInOneOf = async (
  caller: CaldavScope,
  calendarIds: readonly string[],
  uid: string,
): Promise<boolean> => {
  const scope = { ...caller, operation: withoutEffect(caller.operation) };
  const isIn = async (calendarId: string): Promise<boolean> => {
    try {
      return (await findQuickly(scope, calendarUrlOf(scope.operation, calendarId), uid)) !== undefined;
    } catch (error) {
      if (!(error instanceof ProviderError) || error.fault.kind === 'reconnect' || scope.call.signal.aborted)
        throw error;
      return false;
    }
  };
  for (let from = 0; from < calendarIds.length; from += calendarsPerGroup) {
    const found = await Promise.all(calendarIds.slice(from, from + calendarsPerGroup).map(isIn));
    if (found.includes(true)) return true;
  }
  return false;
};
