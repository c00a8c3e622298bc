/** Collects notifications until the next round. A burst of notifications leads to one round. */
import type { CalendarNotification } from './messages.ts';

/** What the next round must do. */
interface NextRound {
  /** Undefined: all calendars. */
  readonly only: readonly string[] | undefined;
  readonly lostSubscriptions: readonly string[];
}

export interface News {
  readonly isEmpty: boolean;
  /** Whether the account was connected again, or disconnected. */
  readonly isAboutAccount: boolean;
  add(notification: CalendarNotification): void;
  /** Returns what the collected notifications ask for, and forgets them. Without any, all calendars are read. */
  take(): NextRound;
}

/** Creates an empty collection. */
export const createNews = (): News => {
  let collected: readonly CalendarNotification[] = [];
  return {
    get isEmpty() {
      return collected.length === 0;
    },
    get isAboutAccount() {
      return collected.some(({ what }) => what === 'restored' || what === 'disconnected');
    },
    add(notification) {
      // A notification that says nothing new is dropped, so that a flood of them costs no memory.
      const isKnown = collected.some(
        ({ what, calendarId, subscription }) =>
          what === notification.what &&
          calendarId === notification.calendarId &&
          subscription === notification.subscription,
      );
      if (!isKnown) collected = [...collected, notification];
    },
    take() {
      const taken = collected;
      collected = [];
      const calendars = taken.map(({ calendarId }) => calendarId);
      const only = calendars.filter((calendar) => calendar !== undefined);
      const isAboutAll = taken.length === 0 || only.length < calendars.length;
      return {
        only: isAboutAll ? undefined : [...new Set(only)],
        lostSubscriptions: taken.flatMap(({ what, subscription }) =>
          subscription !== undefined && (what === 'removed' || what === 'reauthorization_required')
            ? [subscription]
            : [],
        ),
      };
    },
  };
};
