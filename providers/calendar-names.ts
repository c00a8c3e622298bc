/** Names calendars as resources: one name for one calendar, in all organizations. */

import type { RoomCalendar } from '../domain/audition/slot.ts';
import type { ConnectionId } from '../domain/ids.ts';
import type { CalendarProviderName } from '../domain/providers/vendors.ts';
import { caldavCalendarName } from './apple/calendar-name.ts';
import { googleCalendarName } from './google/calendar-name.ts';
import { mainCalendar, microsoftCalendarName } from './microsoft/calendar-name.ts';
import type { CallContext, ConnectedAccount, ReadableCalendarProvider } from './ports.ts';

/** The connection of a calendar. */
interface NamedConnection {
  readonly id: ConnectionId;
  /** The display name of the account. Undefined when the connection is gone. */
  readonly account: string | undefined;
  /** The vendor's own id of the account, which never changes. */
  readonly accountId?: string | undefined;
}

interface NamedAccount {
  readonly account: string;
  readonly accountId: string;
}

const names: Readonly<Record<CalendarProviderName, (owner: NamedAccount, calendarId: string) => string>> = {
  google: ({ account }, calendarId) => googleCalendarName(account, calendarId),
  microsoft: ({ accountId }, calendarId) => microsoftCalendarName(accountId, calendarId),
  apple: (_owner, calendarId) => caldavCalendarName(calendarId),
  // A feed has one calendar. The id of the account is a hash of the address.
  ics: ({ accountId }) => accountId,
};

/**
 * Returns the name of a calendar for `slotResources`.
 *
 * @param connection when it is gone, the name is known to it alone.
 */
export const calendarName = (
  provider: CalendarProviderName,
  { id, account, accountId = account }: NamedConnection,
  calendarId: string,
): string =>
  `${provider}/${account === undefined || accountId === undefined ? `${id}/${calendarId}` : names[provider]({ account, accountId }, calendarId)}`;

/**
 * Returns the name of a room's calendar for `slotResources`. It is the same in all organizations. At Google, it is also the
 * name of the room when a participant names it as a calendar.
 */
export const roomCalendarName = ({ provider, email }: Pick<RoomCalendar, 'provider' | 'email'>): string =>
  `${provider}/${provider === 'google' ? googleCalendarName(email, email) : email.toLowerCase()}`;

/**
 * Returns the names of a calendar for `slotResources`: one, unless the vendor cannot be asked whether the id means the main
 * calendar. The calendar then has the names of both possibilities. So a failure can refuse a free slot, but never permits a
 * double booking.
 *
 * @param open opens the connection, when the vendor must be asked.
 */
export const calendarNames = async (
  provider: Pick<ReadableCalendarProvider, 'name' | 'resolveAlias'>,
  connection: NamedConnection,
  calendarId: string,
  open: () => Promise<ConnectedAccount>,
  call: CallContext,
): Promise<readonly [string, ...string[]]> => {
  const nameOf = (id: string) => calendarName(provider.name, connection, id);
  if (!provider.resolveAlias || connection.account === undefined || calendarId === mainCalendar) {
    return [nameOf(calendarId)];
  }
  try {
    return [nameOf(await provider.resolveAlias(await open(), calendarId, call))];
  } catch {
    return [nameOf(calendarId), nameOf(mainCalendar)];
  }
};
