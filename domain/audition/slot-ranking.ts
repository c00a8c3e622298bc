/** Says which of the times that are free for all suit people best. */
import { toEpochMs } from '../time/epoch.ts';
import { isQuietAt } from '../time/quiet-hours.ts';
import { createZoneClock, type ZoneClock } from '../time/zone-clock.ts';
import type { TimeRange } from './free-slots.ts';
import type { Participant, QuietHours } from './request.ts';

/** A casting day: auditions begin and end within these hours, by everybody's own clock. */
const workingHours = { from: 9, until: 19 };

interface RankedSlot extends TimeRange {
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
