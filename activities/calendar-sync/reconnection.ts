/**
 * Continues the synchronisation of an account that was disconnected and connected again. Disconnecting destroys the data key
 * under which the ids of its calendars are sealed. The ledger has those that are written, and `busy_calendars` the others, under
 * keys of the ledger.
 */
import type { BusyCalendars } from '../../db/calendars/busy-calendars.ts';
import type { CalendarKey } from '../../db/calendars/sync-progress.ts';
import type { SyncedCalendars } from '../../db/calendars/synced-calendars.ts';
import type { SyncedEvents } from '../../db/calendars/synced-events.ts';
import type { WatchSubscriptions } from '../../db/inbox/watch-subscriptions.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { CalendarUses } from './calendar-uses.ts';
import type { SyncRound } from './sync-round.ts';

/** How many auditions of a calendar are searched for its id. Each has it, unless its event was removed. */
const maxAuditions = 20;

export interface Reconnection {
  /**
   * Seals the ids of calendars again that cannot be opened, and removes a calendar whose id is not known any more. After a new
   * consent, marks the subscriptions as lost, because they depend on the earlier one. Returns whether there was one. Idempotent.
   */
  restore(round: SyncRound): Promise<boolean>;
}

/** Creates the part. */
export const createReconnection = ({
  syncedCalendars,
  syncedEvents,
  busyCalendars,
  watchSubscriptions,
  uses,
}: {
  readonly syncedCalendars: Pick<SyncedCalendars, 'list' | 'listUnreadable' | 'reseal' | 'remove'>;
  readonly syncedEvents: Pick<SyncedEvents, 'listAuditions'>;
  readonly busyCalendars: Pick<BusyCalendars, 'findCalendarId'>;
  readonly watchSubscriptions: Pick<WatchSubscriptions, 'markAllLost'>;
  readonly uses: Pick<CalendarUses, 'findCalendarId'>;
}): Reconnection => {
  const findId = async (round: SyncRound, calendar: CalendarKey): Promise<string | undefined> => {
    const asBusy = await busyCalendars.findCalendarId(calendar);
    if (asBusy !== undefined) return asBusy;
    for (const auditionId of await syncedEvents.listAuditions(calendar, maxAuditions)) {
      const calendarId = await uses.findCalendarId(round, calendar, auditionId);
      if (calendarId !== undefined) return calendarId;
    }
    return undefined;
  };

  return {
    restore: async (round) => {
      const { connection } = round.input;
      const unreadable = await syncedCalendars.listUnreadable(connection);
      for (const calendar of unreadable) {
        const calendarId = await findId(round, calendar);
        if (calendarId === undefined) await syncedCalendars.remove(calendar);
        else await syncedCalendars.reseal(calendar, calendarId);
      }
      const connectedAt = toEpochMs(round.connection.connectedAt);
      const isReconnected = (await syncedCalendars.list(connection)).some(
        ({ polledAt }) => polledAt !== undefined && toEpochMs(polledAt) < connectedAt,
      );
      if (isReconnected) await watchSubscriptions.markAllLost(connection);
      return isReconnected || unreadable.length > 0;
    },
  };
};
