/** Hours in which nobody is to be disturbed, by the clock of their own zone. A window may go over midnight. */
import { DateTime } from 'luxon';
import type { QuietHours } from '../audition/request.ts';
import { toInstant } from './epoch.ts';
import type { Instant } from './instant.ts';
import { minute } from './units.ts';

const minuteOfDay = (clock: string): number => {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
};

/** Whether a clock that shows so many minutes since midnight is in [from, until). Equal, they mean no quiet hours. */
export const isQuietAt = (clock: number, quiet: QuietHours): boolean => {
  const from = minuteOfDay(quiet.from);
  const until = minuteOfDay(quiet.until);
  return from <= until ? clock >= from && clock < until : clock >= from || clock < until;
};

/** Whether the clock in `zone` shows a time in the quiet hours. */
export const isQuiet = (instant: Instant, quiet: QuietHours, zone: string): boolean => {
  const { hour, minute: minutes } = DateTime.fromISO(instant, { zone });
  return isQuietAt(hour * 60 + minutes, quiet);
};

/**
 * Where a message belongs that is due at `due` and is of no use at `deadline` or later:
 * 1. at `due`, when that is not quiet;
 * 2. else earlier, in the last minute before the quiet hours begin, so that it still comes ahead of what it announces;
 * 3. else, when that has passed (`now`), at the first minute after them, if that is before the deadline;
 * 4. else at `due` after all: to be woken up is better than to miss the audition.
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
 * Both walk on by minutes from where the clock should be. As a rule the first step is the answer; on the day of a
 * clock change the hour where quiet begins or ends may be missing or come twice.
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
  const minutes = minuteOfDay(clock);
  return local.startOf('day').set({ hour: Math.floor(minutes / 60), minute: minutes % 60 });
};

const walk = (start: number, step: number, quiet: QuietHours, zone: string): Instant => {
  let at = start;
  while (isQuiet(toInstant(at), quiet, zone)) at += step;
  return toInstant(at);
};
