/** The limits of every slot, whoever asks for it: the platform, or a person who moves an event in a calendar. */
import { toEpochMs } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { day } from '../time/units.ts';

/** Timers, tokens and retention are not made for slots further ahead. */
export const furthestAhead = 2 * 366 * day;
const longestSlot = 1 * day;

/** Returns whether the slot is longer than 24 hours. */
export const isTooLong = ({ start, end }: { readonly start: Instant; readonly end: Instant }): boolean =>
  toEpochMs(end) - toEpochMs(start) > longestSlot;

/** Returns whether the time is more than two years ahead. */
export const isTooFarAhead = (at: Instant, now: Instant): boolean =>
  toEpochMs(at) - toEpochMs(now) > furthestAhead;

/** The refusal of a time that no slot can have. */
export type ExceededLimit = 'slot_too_long' | 'slot_too_far_ahead';

/** Returns which limit the time exceeds. */
export const exceededLimit = (
  time: { readonly start: Instant; readonly end: Instant },
  now: Instant,
): ExceededLimit | undefined => {
  if (isTooLong(time)) return 'slot_too_long';
  return isTooFarAhead(time.start, now) ? 'slot_too_far_ahead' : undefined;
};

/** What a person reads about each limit. */
export const limitExplanations: Readonly<Record<ExceededLimit, string>> = {
  slot_too_long: 'The slot is longer than 24 hours.',
  slot_too_far_ahead: 'The slot is more than two years ahead.',
};
