/** Ranks free slots by how well they suit the participants. */
import { isWithinHours, minutesSinceMidnight } from '../time/clock-time.ts';
import { toEpochMs } from '../time/epoch.ts';
import { day, minute } from '../time/units.ts';
import { createZoneClock, type ZoneClock } from '../time/zone-clock.ts';
import type { TimeRange } from './free-slots.ts';
import type { Participant, WorkingHours } from './request.ts';

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
      // Instants sort as text. `localeCompare` takes ten times as long.
      (a.start < b.start ? -1 : Number(a.start > b.start)),
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

/**
 * Reads each zone's clock twice per slot, at its first and its last minute, however many participants share the zone: a search
 * can rate thousands of slots.
 */
const createRating = (participants: readonly Attendance[], standardHours: WorkingHours | undefined) => {
  const zones = [...Map.groupBy(participants, ({ zone }) => zone)].map(([zone, there]) => ({
    clock: createZoneClock(zone),
    quiet: countsOf(there.flatMap(({ quietHours }) => (quietHours ? [quietHours] : []))),
    working: countsOf(
      there.flatMap(({ workingHours = standardHours }) => (workingHours ? [workingHours] : [])),
    ),
  }));
  return <Slot extends TimeRange>(slot: Slot): RankedSlot<Slot> => {
    const [begins, ends] = [toEpochMs(slot.start), toEpochMs(slot.end)];
    let withinWorkingHours = true;
    let quietConflicts = 0;
    for (const { clock, quiet, working } of zones) {
      const first = clock.minuteOfDay(begins);
      withinWorkingHours &&= working.every(
        ({ from, until }) => first >= from && ends <= clock.sameDayAt(begins, until),
      );
      if (quiet.length === 0) continue;
      const minutes = Math.floor((ends - 1) / minute) - Math.floor(begins / minute);
      // Otherwise the clock changes during the slot.
      const isSteady = clock.minuteOfDay(ends - 1) === (first + minutes) % minutesOfDay;
      for (const hours of quiet) {
        const isDisturbed = isSteady
          ? overlaps(first, minutes, hours)
          : isSampledIn(begins, ends, clock, hours);
        if (isDisturbed) quietConflicts += hours.count;
      }
    }
    return { ...slot, withinWorkingHours, quietConflicts };
  };
};

/** Hours of the day in minutes since midnight, and how many participants have them. */
interface CountedHours {
  readonly from: number;
  readonly until: number;
  readonly count: number;
}

/** Returns each different pair of times. Equal limits mean no hours. */
const countsOf = (
  hours: readonly { readonly from: string; readonly until: string }[],
): readonly CountedHours[] =>
  [...Map.groupBy(hours, ({ from, until }) => `${from} ${until}`).values()].flatMap((same) =>
    same.slice(0, 1).flatMap(({ from, until }) => {
      const times = { from: minutesSinceMidnight(from), until: minutesSinceMidnight(until) };
      return times.from === times.until ? [] : [{ ...times, count: same.length }];
    }),
  );

const minutesOfDay = day / minute;
const quarterHour = 15;

/** Returns whether the hours contain one of the minutes from `first` on. They can extend past midnight. */
const overlaps = (first: number, minutes: number, hours: CountedHours): boolean =>
  isWithinHours(first, hours) || (hours.from - first + minutesOfDay) % minutesOfDay <= minutes;

/** Samples the slot so closely that hours within it are not missed: a long slot can contain them. */
const isSampledIn = (begins: number, ends: number, clock: ZoneClock, hours: CountedHours): boolean => {
  const length = (hours.until - hours.from + minutesOfDay) % minutesOfDay;
  const step = Math.min(length, quarterHour) * minute;
  for (let at = begins; at < ends; at += step) {
    if (isWithinHours(clock.minuteOfDay(at), hours)) return true;
  }
  return isWithinHours(clock.minuteOfDay(ends - 1), hours);
};
