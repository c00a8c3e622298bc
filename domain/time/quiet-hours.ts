/** Moves messages out of a participant's quiet hours, in the participant's own zone. They can extend past midnight. */
import { DateTime } from 'luxon';
import type { QuietHours } from '../audition/request.ts';
import { isWithinHours, minutesSinceMidnight } from './clock-time.ts';
import { toInstant } from './epoch.ts';
import type { Instant } from './instant.ts';
import { minute } from './units.ts';

/** Returns whether the local time in `zone` is in the quiet hours. Equal limits mean no quiet hours. */
export const isQuiet = (instant: Instant, quiet: QuietHours, zone: string): boolean => {
  const { hour, minute: minutes } = DateTime.fromISO(instant, { zone });
  const hours = { from: minutesSinceMidnight(quiet.from), until: minutesSinceMidnight(quiet.until) };
  return isWithinHours(hour * 60 + minutes, hours);
};

/**
 * Returns when to send a message that is due at `due` and useless from `deadline` on:
 * 1. at `due`, when that is outside the quiet hours;
 * 2. otherwise in the last minute before the quiet hours, when that is after `now`;
 * 3. otherwise in the first minute after the quiet hours, when that is before `deadline`;
 * 4. otherwise at `due`: a message in quiet hours is better than a missed audition.
 */
export const outsideQuietHours = (
  due: Instant,
  quiet: QuietHours | undefined,
  zone: string,
  { now, deadline }: { readonly now: Instant; readonly deadline: Instant },
): Instant => {
  if (!quiet || !isQuiet(due, quiet, zone)) return due;
  const before = lastMinuteBefore(due, quiet, zone);
  if (before > now) return before;
  const after = firstMinuteAfter(due, quiet, zone);
  return after < deadline ? after : due;
};

/*
 * Both functions search minute by minute from the expected local time. Usually the first minute is the result. On the
 * day of a clock change, the hour in which the quiet hours begin or end can be skipped or repeated.
 */
const lastMinuteBefore = (instant: Instant, quiet: QuietHours, zone: string): Instant => {
  const local = DateTime.fromISO(instant, { zone });
  const begun = atClock(local, quiet.from);
  const from = begun <= local ? begun : atClock(local.minus({ days: 1 }), quiet.from);
  return walk(from.toMillis() - minute, -minute, quiet, zone);
};

const firstMinuteAfter = (instant: Instant, quiet: QuietHours, zone: string): Instant => {
  const local = DateTime.fromISO(instant, { zone });
  const ending = atClock(local, quiet.until);
  const until = ending > local ? ending : atClock(local.plus({ days: 1 }), quiet.until);
  return walk(until.toMillis(), minute, quiet, zone);
};

const atClock = (local: DateTime, clock: string): DateTime => {
  const minutes = minutesSinceMidnight(clock);
  return local.startOf('day').set({ hour: Math.floor(minutes / 60), minute: minutes % 60 });
};

const walk = (start: number, step: number, quiet: QuietHours, zone: string): Instant => {
  let at = start;
  while (isQuiet(toInstant(at), quiet, zone)) at += step;
  return toInstant(at);
};
