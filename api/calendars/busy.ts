/** Reads when calendars are busy for requests, outside the task queues. */
import { distinctCalendars } from '../../activities/calendar/distinct-calendars.ts';
import { withOrigin } from '../../activities/calendar/event-origin.ts';
import { createForeignEvents } from '../../activities/calendar/foreign-events.ts';
import { readVisibleTimes } from '../../activities/calendar/visible-times.ts';
import type { Repositories } from '../../db/index.ts';
import { Refusal } from '../../domain/errors.ts';
import { isCalendarProvider } from '../../domain/providers/vendors.ts';
import type { AccessTokens } from '../../providers/oauth/access-tokens.ts';
import { connectedAccountOf } from '../../providers/oauth/connected-account.ts';
import type { Providers } from '../../providers/ports.ts';
import type { FindBusy } from '../dependencies.ts';

/** Creates the reader of busy times. Events of our auditions do not count, as in the claim of a slot: their holds do. */
export const findBusyWith = (
  { connections, holds, writtenEvents }: Pick<Repositories, 'connections' | 'holds' | 'writtenEvents'>,
  accessTokens: AccessTokens,
  { calendars: providers }: Pick<Providers, 'calendars'>,
): FindBusy => {
  const foreignEvents = createForeignEvents({ holds, writtenEvents });
  return async (organization, { connection: id, calendars }, window, call, { precision, tentative }) => {
    const connection = await connections.get(organization, id);
    if (!connection || !isCalendarProvider(connection.provider) || connection.status === 'disconnected') {
      throw new Refusal(
        'unknown_connection',
        `Your organization has no connection ${id}.`,
        'Connect the calendar first, or omit it.',
      );
    }
    const provider = providers[connection.provider];
    if (precision === 'free_busy') {
      const account = connectedAccountOf(connection, accessTokens, 'calendar.freeBusy');
      const calendarIds = calendars.map(({ calendarId }) => calendarId);
      return provider.freeBusy(account, calendarIds, window, call);
    }
    const account = connectedAccountOf(connection, accessTokens, 'calendar.listEvents');
    const times = await Promise.all(
      distinctCalendars(connection.provider, account, calendars).map(async ({ calendarId, isBusyOnly }) => {
        const found = await readVisibleTimes(provider, account, calendarId, window, call);
        return found.map((time) => ({ ...withOrigin(time), isBusyOnly }));
      }),
    );
    const foreign = await foreignEvents({ tentative }, times.flat());
    return foreign.map(({ start, end }) => ({ start, end }));
  };
};
