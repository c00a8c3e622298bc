/** Joins the times near slots into few windows, so that one query answers for many slots. */
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { day } from '../../domain/time/units.ts';

export interface QueryWindow {
  readonly from: Instant;
  readonly until: Instant;
}

/**
 * The longest window. Graph answers for less than 62 days (https://learn.microsoft.com/graph/outlook-get-free-busy-schedule),
 * and Exchange servers before it for 42. Google names no limit. In milliseconds.
 */
const longestWindowMs = 28 * day;

/**
 * Before and after each time. Vendors cut off busy times at the ends of the window, and a part of an event of ours could not
 * be told from others.
 */
const marginMs = 1 * day;

/** Limits the queries of a poll. Slots after these windows are read when they are nearer. */
const mostWindows = 20;

/** Returns windows that contain the times, the earliest first. */
export const queryWindows = (times: readonly TimeRange[]): readonly QueryWindow[] => {
  const windows: { from: number; until: number }[] = [];
  const sorted = times
    .map(({ start, end }) => ({ from: toEpochMs(start) - marginMs, until: toEpochMs(end) + marginMs }))
    .sort((a, b) => a.from - b.from);
  for (const { from, until } of sorted) {
    const last = windows.at(-1);
    if (last && until <= last.until) continue;
    if (last && until - last.from <= longestWindowMs) last.until = until;
    else windows.push({ from, until });
  }
  return windows
    .slice(0, mostWindows)
    .map(({ from, until }) => ({ from: toInstant(from), until: toInstant(until) }));
};

/** Returns whether the window contains the whole time. */
export const isWithin = ({ start, end }: TimeRange, { from, until }: QueryWindow): boolean =>
  start >= from && end <= until;
