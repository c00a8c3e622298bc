/** Groups the calendars of a connection by the subscription that notifies of them. */
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type { StoredSubscription } from '../../db/inbox/watch-subscriptions.ts';
import type { CalendarPush } from '../../providers/ports.ts';

/** The calendars of which one subscription notifies. */
export interface WatchedCalendars {
  /** The one that the subscription names. */
  readonly first: SyncedCalendar;
  readonly calendars: readonly SyncedCalendar[];
  /** The stored subscriptions to them, the earliest expiry first. Confirmed or not, current or not. */
  readonly former: readonly StoredSubscription[];
}

/** Returns one group for each calendar, or one for all when one subscription notifies of all. */
export const groupWatched = (
  { ofOwnCalendars }: Pick<CalendarPush, 'ofOwnCalendars'>,
  calendars: readonly SyncedCalendar[],
  stored: readonly StoredSubscription[],
): readonly WatchedCalendars[] => {
  if (!ofOwnCalendars) {
    return calendars.map((first) => ({
      first,
      calendars: [first],
      former: stored.filter(({ calendarId }) => calendarId === first.calendar),
    }));
  }
  const [first] = calendars;
  return first ? [{ first, calendars, former: stored }] : [];
};
