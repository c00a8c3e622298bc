/** Finds the times that are free for all, and says which of them suit people best. */
import { DateTime } from 'luxon';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { isQuiet } from '../time/quiet-hours.ts';
import type { Participant } from './request.ts';
import type { BusyInterval } from './slot.ts';

const quarterHour = 15 * 60_000;
/** A casting day: auditions begin and end within these hours, by everybody's own clock. */
const workingHours = { from: 9, until: 19 };

export interface TimeRange {
  readonly start: Instant;
  readonly end: Instant;
}

/** Whether nothing busy touches the inside of the range. What ends as it starts does not stand in its way. */
export const isFree = (range: TimeRange, busy: readonly BusyInterval[]): boolean =>
  busy.every(({ start, end }) => end <= range.start || start >= range.end);

/** The same time, without overlaps, in order. */
export const mergeBusy = (busy: readonly BusyInterval[]): readonly BusyInterval[] => {
  const merged: BusyInterval[] = [];
  for (const interval of [...busy].sort((a, b) => a.start.localeCompare(b.start))) {
    const last = merged.at(-1);
    if (!last || interval.start > last.end) merged.push(interval);
    else if (interval.end > last.end) merged[merged.length - 1] = { start: last.start, end: interval.end };
  }
  return merged;
};

/**
 * Free ranges of `durationMs` within the window, earliest first. They start on full steps of the clock (a quarter of
 * an hour unless `stepMs` says otherwise); a gap that only fits off the step is offered from its own beginning.
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

export interface RankedSlot extends TimeRange {
  /** Between 09:00 and 19:00 on the clock of every participant. */
  readonly withinWorkingHours: boolean;
  /** How many participants have quiet hours then. */
  readonly quietConflicts: number;
}

/** Best first: within everybody's working hours, then with the fewest quiet hours disturbed, then the earliest. */
export const rankSlots = (
  slots: readonly TimeRange[],
  participants: readonly Pick<Participant, 'zone' | 'quietHours'>[],
): readonly RankedSlot[] =>
  slots
    .map((slot) => ({
      ...slot,
      withinWorkingHours: participants.every(({ zone }) => isWorkingTime(slot, zone)),
      quietConflicts: participants.filter((participant) => disturbs(slot, participant)).length,
    }))
    .sort(
      (a, b) =>
        Number(b.withinWorkingHours) - Number(a.withinWorkingHours) ||
        a.quietConflicts - b.quietConflicts ||
        a.start.localeCompare(b.start),
    );

const isWorkingTime = ({ start, end }: TimeRange, zone: string): boolean => {
  const begins = DateTime.fromISO(start, { zone });
  const closing = begins.startOf('day').set({ hour: workingHours.until });
  return begins.hour >= workingHours.from && DateTime.fromISO(end, { zone }) <= closing;
};

/** Quiet hours are hours long and a slot is short: it disturbs when it begins or ends in them. */
const disturbs = (
  { start, end }: TimeRange,
  { zone, quietHours }: Pick<Participant, 'zone' | 'quietHours'>,
): boolean => {
  if (!quietHours) return false;
  const lastMinute = toInstant(toEpochMs(end) - 1);
  return isQuiet(start, quietHours, zone) || isQuiet(lastMinute, quietHours, zone);
};
