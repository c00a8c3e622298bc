/** Ranks free slots by how well they suit the participants. */
import { toEpochMs } from '../time/epoch.ts';
import { isQuietAt } from '../time/quiet-hours.ts';
import { createZoneClock, type ZoneClock } from '../time/zone-clock.ts';
import type { TimeRange } from './free-slots.ts';
import type { Participant, QuietHours } from './request.ts';

/** Local hours in which auditions should begin and end, for each participant. */
const workingHours = { from: 9, until: 19 };

interface RankedSlot extends TimeRange {
  /** Whether the slot is between 09:00 and 19:00 in the zone of every participant. */
  readonly withinWorkingHours: boolean;
  /** How many participants have quiet hours at that time. */
  readonly quietConflicts: number;
}

/**
 * Returns at most `limit` slots, best first: within all participants' working hours, then with the fewest quiet hours
 * disturbed, then earliest. Rates no more slots than necessary.
 * @param slots earliest first, as `freeSlots` returns them
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
    // No later slot can be better.
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

/** Reads each zone's clock once per slot, because most participants share a few zones. */
const createRating = (participants: readonly Pick<Participant, 'zone' | 'quietHours'>[]) => {
  const clocks = new Map(participants.map(({ zone }) => [zone, createZoneClock(zone)]));
  const quietParticipants = participants.flatMap(({ zone, quietHours }) => {
    const clock = clocks.get(zone);
    return clock && quietHours ? [{ clock, quietHours }] : [];
  });
  return (slot: TimeRange): RankedSlot => {
    const [begins, ends] = [toEpochMs(slot.start), toEpochMs(slot.end)];
    return {
      ...slot,
      withinWorkingHours: [...clocks.values()].every((clock) => isWorkingTime(begins, ends, clock)),
      quietConflicts: quietParticipants.filter(({ clock, quietHours }) =>
        disturbs(begins, ends, clock, quietHours),
      ).length,
    };
  };
};

const isWorkingTime = (begins: number, ends: number, clock: ZoneClock): boolean =>
  clock.minuteOfDay(begins) >= workingHours.from * 60 &&
  ends <= clock.sameDayAt(begins, workingHours.until * 60);

/** Checks only the beginning and the end: a slot is shorter than quiet hours. */
const disturbs = (begins: number, ends: number, clock: ZoneClock, quietHours: QuietHours): boolean =>
  isQuietAt(clock.minuteOfDay(begins), quietHours) || isQuietAt(clock.minuteOfDay(ends - 1), quietHours);
