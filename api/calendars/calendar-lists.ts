/** Lists the calendars of connected accounts for requests, outside the task queues. */
import { isCalendarProvider } from '../../domain/providers/vendors.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import { connectedAccountOf } from '../../providers/oauth/connected-account.ts';
import type { Providers } from '../../providers/ports.ts';
import type { ListCalendars } from '../dependencies.ts';

/** Creates the list. The scopes are checked first: an account without them needs no new consent for its events. */
export const listCalendarsWith =
  (accessTokens: AccessTokens, { calendars }: Pick<Providers, 'calendars'>): ListCalendars =>
  async (connection, call) => {
    const { provider, scopes } = connection;
    if (!isCalendarProvider(provider)) return { kind: 'not_offered' };
    const { calendarList } = calendars[provider];
    if (calendarList.scopes.length > 0 && !calendarList.scopes.some((scope) => scopes.includes(scope))) {
      return { kind: 'scope_missing', scopes: calendarList.scopes };
    }
    const account = connectedAccountOf(connection, accessTokens, 'calendar.listCalendars');
    return { kind: 'listed', provider, calendars: await calendarList.list(account, scopes, call) };
  };
