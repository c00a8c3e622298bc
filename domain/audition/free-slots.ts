/** Finds the times that are free for all participants. */
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { minute } from '../time/units.ts';
import type { BusyInterval } from './slot.ts';

const quarterHour = 15 * minute;

export interface TimeRange {
  readonly start: Instant;
  readonly end: Instant;
}

/** Returns whether no busy interval overlaps the range. Intervals that only touch its ends do not count. */
export const isFree = (range: TimeRange, busy: readonly BusyInterval[]): boolean =>
  busy.every(({ start, end }) => end <= range.start || start >= range.end);

/** Returns the same busy time without overlaps, in order. */
export const mergeBusy = (busy: readonly BusyInterval[]): readonly BusyInterval[] => {
  const merged: BusyInterval[] = [];
  // Instants sort as text. `localeCompare` takes ten times as long.
  for (const interval of [...busy].sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)))) {
    const last = merged.at(-1);
    if (!last || interval.start > last.end) merged.push(interval);
    else if (interval.end > last.end) merged[merged.length - 1] = { start: last.start, end: interval.end };
  }
  return merged;
};

/**
 * Returns the free ranges of `durationMs` within the window, earliest first. They start on multiples of `stepMs`
 * (default: a quarter of an hour). A gap that fits the duration only off the step gives one range, at its beginning.
 */
export const freeSlots = (
  busy: readonly BusyInterval[],
  window: { readonly from: Instant; readonly until: Instant },
  durationMs: number,
  { stepMs = quarterHour }: { readonly stepMs?: number } = {},
): readonly TimeRange[] =>
  gapsBetween(mergeBusy(busy), window).flatMap(({ start, end }) => {
    const from = toEpochMs(start);
    const latest = toEpochMs(end) - durationMs;
    const onStep = Math.ceil(from / stepMs) * stepMs;
    const starts = onStep <= latest ? steps(onStep, latest, stepMs) : from <= latest ? [from] : [];
    return starts.map((at) => ({ start: toInstant(at), end: toInstant(at + durationMs) }));
  });

const gapsBetween = (
  merged: readonly BusyInterval[],
  { from, until }: { readonly from: Instant; readonly until: Instant },
): readonly TimeRange[] => {
  const edges = [
    ...merged.filter(({ start, end }) => end > from && start < until),
    { start: until, end: until },
  ];
  let cursor = from;
  return edges.flatMap(({ start, end }) => {
    const gap = { start: cursor, end: start };
    cursor = end > cursor ? end : cursor;
    return gap.end > gap.start ? [gap] : [];
  });
};

const steps = (first: number, last: number, stepMs: number): readonly number[] =>
  Array.from({ length: Math.floor((last - first) / stepMs) + 1 }, (_, index) => first + index * stepMs);

/** Returns whether the slots begin at the same times, in the same order. */
export const haveSameStarts = (some: readonly TimeRange[], others: readonly TimeRange[]): boolean =>
  some.length === others.length && some.every(({ start }, index) => start === others[index]?.start);
