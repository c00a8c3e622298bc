/** Ranks free slots by how well they suit the participants. */
import { minutesSinceMidnight } from '../time/clock-time.ts';
import { toEpochMs } from '../time/epoch.ts';
import { isQuietAt } from '../time/quiet-hours.ts';
import { minute } from '../time/units.ts';
import { createZoneClock, type ZoneClock } from '../time/zone-clock.ts';
import type { TimeRange } from './free-slots.ts';
import type { Participant, QuietHours, WorkingHours } from './request.ts';

/** The local hours in which auditions begin and end, for a participant who has set no others. */
export const defaultWorkingHours: WorkingHours = { from: '09:00', until: '19:00' };

/** What the ranking knows of a participant. */
export type Attendance = Pick<Participant, 'zone' | 'quietHours' | 'workingHours'>;

interface Rating {
  /** Whether the slot is within the working hours of every participant, each in their own zone. */
  readonly withinWorkingHours: boolean;
  /** How many participants have quiet hours at that time. */
  readonly quietConflicts: number;
}

export type RankedSlot<Slot extends TimeRange = TimeRange> = Slot & Rating;

interface RankingOptions {
  /**
   * Whether participants who have set no working hours have the default ones. Not in the sessions of a block: the casting
   * director has set their hours.
   */
  readonly hasDefaultHours?: boolean | undefined;
}

/**
 * Returns at most `limit` slots, best first: within all participants' working hours, then with the fewest quiet hours
 * disturbed, then earliest. Rates no more slots than necessary.
 * @param slots earliest first, as `freeSlots` returns them
 */
export const rankSlots = <Slot extends TimeRange>(
  slots: readonly Slot[],
  participants: readonly Attendance[],
  limit = Number.POSITIVE_INFINITY,
  { hasDefaultHours = true }: RankingOptions = {},
): readonly RankedSlot<Slot>[] => {
  const rate = createRating(participants, hasDefaultHours ? defaultWorkingHours : undefined);
  const flawless: RankedSlot<Slot>[] = [];
  const others: RankedSlot<Slot>[] = [];
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

/**
 * Returns at most `limit` slots, best first: within all participants' working hours, then with the fewest quiet hours
 * disturbed, then nearest to the wanted time. Of two that are equally near, the later one comes first.
 */
export const nearestSlots = (
  slots: readonly TimeRange[],
  participants: readonly Attendance[],
  wanted: TimeRange,
  limit: number,
  { hasDefaultHours = true }: RankingOptions = {},
): readonly RankedSlot[] => {
  const distance = ({ start, end }: TimeRange): number =>
    Math.max(0, toEpochMs(wanted.start) - toEpochMs(start), toEpochMs(end) - toEpochMs(wanted.end));
  return slots
    .map(createRating(participants, hasDefaultHours ? defaultWorkingHours : undefined))
    .sort(
      (a, b) =>
        Number(b.withinWorkingHours) - Number(a.withinWorkingHours) ||
        a.quietConflicts - b.quietConflicts ||
        distance(a) - distance(b) ||
        b.start.localeCompare(a.start),
    )
    .slice(0, limit);
};

const isFlawless = ({ withinWorkingHours, quietConflicts }: Rating): boolean =>
  withinWorkingHours && quietConflicts === 0;

/** Reads each zone's clock once per slot, because most participants share a few zones and hours. */
const createRating = (participants: readonly Attendance[], standardHours: WorkingHours | undefined) => {
  const clocks = new Map(participants.map(({ zone }) => [zone, createZoneClock(zone)]));
  const clockOf = (zone: string): ZoneClock => clocks.get(zone) ?? createZoneClock(zone);
  const quietParticipants = participants.flatMap(({ zone, quietHours }) =>
    quietHours ? [{ clock: clockOf(zone), quietHours }] : [],
  );
  const workingTimes = new Map(
    participants.flatMap(({ zone, workingHours = standardHours }): [string, WorkingTime][] =>
      workingHours
        ? [
            [
              `${zone} ${workingHours.from} ${workingHours.until}`,
              {
                clock: clockOf(zone),
                from: minutesSinceMidnight(workingHours.from),
                until: minutesSinceMidnight(workingHours.until),
              },
            ],
          ]
        : [],
    ),
  );
  return <Slot extends TimeRange>(slot: Slot): RankedSlot<Slot> => {
    const [begins, ends] = [toEpochMs(slot.start), toEpochMs(slot.end)];
    return {
      ...slot,
      withinWorkingHours: [...workingTimes.values()].every((working) => isWorkingTime(begins, ends, working)),
      quietConflicts: quietParticipants.filter(({ clock, quietHours }) =>
        disturbs(begins, ends, clock, quietHours),
      ).length,
    };
  };
};

interface WorkingTime {
  readonly clock: ZoneClock;
  /** Minutes since midnight. */
  readonly from: number;
  readonly until: number;
}

const isWorkingTime = (begins: number, ends: number, { clock, from, until }: WorkingTime): boolean =>
  clock.minuteOfDay(begins) >= from && ends <= clock.sameDayAt(begins, until);

const quarterHour = 15 * minute;

/** Samples the slot so closely that quiet hours within it are not missed: a long slot can contain them. */
const disturbs = (begins: number, ends: number, clock: ZoneClock, quietHours: QuietHours): boolean => {
  const length = (minutesSinceMidnight(quietHours.until) - minutesSinceMidnight(quietHours.from)) * minute;
  if (length === 0) return false;
  const step = length > 0 ? Math.min(length, quarterHour) : quarterHour;
  for (let at = begins; at < ends; at += step) {
    if (isQuietAt(clock.minuteOfDay(at), quietHours)) return true;
  }
  return isQuietAt(clock.minuteOfDay(ends - 1), quietHours);
};
