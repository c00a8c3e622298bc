/** Finds the times that are free for all, and says which of them suit people best. */
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { isQuietAt } from '../time/quiet-hours.ts';
import { createZoneClock, type ZoneClock } from '../time/zone-clock.ts';
import type { Participant, QuietHours } from './request.ts';
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

/**
 * Best first: within everybody's working hours, then with the fewest quiet hours disturbed, then the earliest. No more
 * than `limit`, for which no more slots are looked at than it takes. @param slots earliest first, as `freeSlots` has them
 */
export const rankSlots = (
  slots: readonly TimeRange[],
  participants: readonly Pick<Participant, 'zone' | 'quietHours'>[],
  limit = Number.POSITIVE_INFINITY,
): readonly RankedSlot[] => {
  const rate = createRating(participants);
  const flawless: RankedSlot[] = [];
  const others: RankedSlot[] = [];
  for (const slot of slots) {
    const rated = rate(slot);
    (isFlawless(rated) ? flawless : others).push(rated);
    // No later one is better.
    if (flawless.length >= limit) return flawless;
  }
  others.sort(
    (a, b) =>
      Number(b.withinWorkingHours) - Number(a.withinWorkingHours) ||
      a.quietConflicts - b.quietConflicts ||
      a.start.localeCompare(b.start),
  );
  return [...flawless, ...others].slice(0, limit);
};

const isFlawless = ({ withinWorkingHours, quietConflicts }: RankedSlot): boolean =>
  withinWorkingHours && quietConflicts === 0;

/** Most of a cast lives in few zones: each zone's clock is looked at once for a slot. */
const createRating = (participants: readonly Pick<Participant, 'zone' | 'quietHours'>[]) => {
  const clocks = new Map(participants.map(({ zone }) => [zone, createZoneClock(zone)]));
  const sleepers = participants.flatMap(({ zone, quietHours }) => {
    const clock = clocks.get(zone);
    return clock && quietHours ? [{ clock, quietHours }] : [];
  });
  return (slot: TimeRange): RankedSlot => {
    const [begins, ends] = [toEpochMs(slot.start), toEpochMs(slot.end)];
    return {
      ...slot,
      withinWorkingHours: [...clocks.values()].every((clock) => isWorkingTime(begins, ends, clock)),
      quietConflicts: sleepers.filter(({ clock, quietHours }) => disturbs(begins, ends, clock, quietHours))
        .length,
    };
  };
};

const isWorkingTime = (begins: number, ends: number, clock: ZoneClock): boolean =>
  clock.minuteOfDay(begins) >= workingHours.from * 60 &&
  ends <= clock.sameDayAt(begins, workingHours.until * 60);

/** Quiet hours are hours long and a slot is short: it disturbs when it begins or ends in them. */
const disturbs = (begins: number, ends: number, clock: ZoneClock, quietHours: QuietHours): boolean =>
  isQuietAt(clock.minuteOfDay(begins), quietHours) || isQuietAt(clock.minuteOfDay(ends - 1), quietHours);
