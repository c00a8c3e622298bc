/** Reads and lists rooms for requests, outside the task queues. */
import { createRoomReader } from '../../activities/calendar/room-reader.ts';
import type { Repositories } from '../../db/index.ts';
import { isCalendarProvider, isRoomProvider } from '../../domain/providers/vendors.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import { connectedAccountOf } from '../../providers/oauth/connected-account.ts';
import type { Providers } from '../../providers/ports.ts';
import { unknownRoomConnection } from '../auditions/check-room.ts';
import type { FindRoomBusy, ListRooms } from '../dependencies.ts';

/** Creates the reader of busy times. */
export const findRoomBusyWith = (
  { connections, holds, writtenEvents }: Pick<Repositories, 'connections' | 'holds' | 'writtenEvents'>,
  accessTokens: AccessTokens,
  { calendars }: Providers,
): FindRoomBusy => {
  const reader = createRoomReader({ holds, writtenEvents, calendars });
  return async (organization, room, window, call, tentative) => {
    const connection = await connections.get(organization, room.connection);
    if (connection?.provider !== room.provider || connection.status === 'disconnected') {
      throw unknownRoomConnection(room.connection);
    }
    const account = connectedAccountOf(connection, accessTokens, 'calendar.freeBusy');
    return reader.read(account, { room, window, call, tentative });
  };
};

/** Creates the list. The scopes are checked first: an account without them needs no new consent for its calendars. */
export const listRoomsWith =
  (accessTokens: AccessTokens, { calendars }: Providers): ListRooms =>
  async (connection, call) => {
    const { provider, scopes } = connection;
    const rooms =
      isCalendarProvider(provider) && isRoomProvider(provider) ? calendars[provider].rooms : undefined;
    if (!rooms) return { kind: 'not_offered' };
    if (!rooms.listingScopes.some((scope) => scopes.includes(scope))) {
      return { kind: 'scope_missing', scopes: rooms.listingScopes };
    }
    const account = connectedAccountOf(connection, accessTokens, 'rooms.list');
    return { kind: 'listed', rooms: await rooms.list(account, scopes, call) };
  };
