/**
 * Decides which calendars a round reads, and when the others are read. A calendar that hangs takes most of the time of a round,
 * so the one that was read longest ago comes first.
 */
import type { SyncedCalendar } from '../../db/calendars/synced-calendars.ts';
import type { ProviderFault } from '../../domain/errors.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { minute, second } from '../../domain/time/units.ts';
import type { CalendarToReadAgain } from '../contract.ts';
import { requestedDelayOf } from '../failures.ts';

const shortestRetryMs = 5 * second;
const longestRetryMs = 5 * minute;
/** A calendar that has failed for this long is no passing fault any more. */
export const lastingMs = 10 * minute;

/** What a round has not read. */
export interface Unread {
  /** Calendars with more pages, and those for which the time was too short. */
  readonly more: string[];
  readonly failed: (CalendarToReadAgain & { readonly isLasting: boolean })[];
}

/** Returns the calendars in the order in which they are read. */
export const inReadingOrder = (calendars: readonly SyncedCalendar[]): readonly SyncedCalendar[] =>
  calendars.toSorted((a, b) => triedMs(a) - triedMs(b));

const triedMs = ({ triedAt }: SyncedCalendar): number => (triedAt === undefined ? 0 : toEpochMs(triedAt));

/**
 * Returns when a calendar is tried again: when it has failed for twice as long, between five seconds and five minutes, or when the
 * provider allows it.
 */
export const retryOf = (
  calendar: string,
  fault: ProviderFault,
  failingMs: number,
): Unread['failed'][number] => ({
  calendar,
  afterMs: Math.round(
    Math.max(
      Math.min(Math.max(failingMs, shortestRetryMs), longestRetryMs),
      requestedDelayOf(fault, Date.now()) ?? 0,
    ),
  ),
  isLasting: failingMs >= lastingMs,
});

/**
 * Returns what the result of the round says about them. All of them are named: a notification can restrict the next round to other
 * calendars, and these must be read in it too.
 */
export const unreadResult = ({ more, failed }: Unread) => {
  const again = [
    ...more.map((calendar) => ({ calendar, afterMs: 0 })),
    ...failed.map(({ calendar, afterMs }) => ({ calendar, afterMs })),
  ];
  return {
    isMore: more.length > 0,
    ...(again.length > 0 ? { again } : {}),
    ...(failed.some(({ isLasting }) => isLasting) ? { isFailing: true } : {}),
  };
};
