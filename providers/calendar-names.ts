/** Names calendars as resources: one name for one calendar, in all organizations. */
import type { ConnectionId } from '../domain/ids.ts';
import type { CalendarProviderName } from '../domain/providers/vendors.ts';
import { caldavCalendarName } from './apple/calendar-name.ts';
import { googleCalendarName } from './google/calendar-name.ts';

const names: Readonly<Record<CalendarProviderName, (account: string, calendarId: string) => string>> = {
  google: googleCalendarName,
  apple: (_account, calendarId) => caldavCalendarName(calendarId),
};

/**
 * Returns the name of a calendar for `slotResources`.
 *
 * @param connection its `account` is undefined when the connection is gone. The name is then known to it alone.
 */
export const calendarName = (
  provider: CalendarProviderName,
  { id, account }: { readonly id: ConnectionId; readonly account: string | undefined },
  calendarId: string,
): string =>
  `${provider}/${account === undefined ? `${id}/${calendarId}` : names[provider](account, calendarId)}`;
