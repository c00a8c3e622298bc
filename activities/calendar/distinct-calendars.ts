/** Recognizes a calendar that is named with two ids. */
import type { CalendarProviderName } from '../../domain/providers/vendors.ts';
import { calendarName } from '../../providers/calendar-names.ts';
import type { ConnectedAccount } from '../../providers/ports.ts';

interface NamedCalendar {
  readonly calendarId: string;
  readonly isBusyOnly: boolean;
}

/**
 * Returns each calendar of the account once: the main calendar of Google is `primary` and the address of the account. It only
 * counts as busy if that is so under all of its ids. Asks no vendor.
 */
export const distinctCalendars = (
  provider: CalendarProviderName,
  account: ConnectedAccount,
  calendars: readonly NamedCalendar[],
): readonly NamedCalendar[] => {
  const groups = Map.groupBy(calendars, ({ calendarId }) => calendarName(provider, account, calendarId));
  return [...groups.values()].flatMap((same) =>
    same
      .slice(0, 1)
      .map(({ calendarId }) => ({ calendarId, isBusyOnly: same.every(({ isBusyOnly }) => isBusyOnly) })),
  );
};
