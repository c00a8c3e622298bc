/** The clock of a zone, for whoever asks it thousands of times: what luxon answers, at a fraction of its cost. */
import { IANAZone } from 'luxon';
import { day, minute } from './units.ts';

export interface ZoneClock {
  /** What the clock shows, in minutes since midnight. */
  minuteOfDay(epochMs: number): number;
  /** The moment at which it shows that time, in minutes since midnight, on the day on which `epochMs` falls. */
  sameDayAt(epochMs: number, minuteOfDay: number): number;
}

/**
 * Asks for the offset twice a day and not for each moment: where it is the same at both ends of a day (UTC), nobody
 * has changed the clock in between. @param zone the name of a zone that exists
 */
export const createZoneClock = (zone: string): ZoneClock => {
  const { offsetAt } = cachedOffsets(zone);
  const local = (epochMs: number) => epochMs + offsetAt(epochMs) * minute;

  /** As luxon does: the offset that was in force is tried first, then the one it leads to. */
  const momentOf = (localMs: number, offset: number): number => {
    const first = localMs - offset * minute;
    const there = offsetAt(first);
    if (there === offset) return first;
    const second = localMs - there * minute;
    const then = offsetAt(second);
    return then === there ? second : localMs - Math.min(there, then) * minute;
  };

  return {
    minuteOfDay: (epochMs) => Math.floor(remainder(local(epochMs), day) / minute),
    sameDayAt(epochMs, minuteOfDay) {
      const midnight = local(epochMs) - remainder(local(epochMs), day);
      const dayBegins = momentOf(midnight, offsetAt(epochMs));
      return momentOf(midnight + minuteOfDay * minute, offsetAt(dayBegins));
    },
  };
};

const remainder = (value: number, by: number): number => ((value % by) + by) % by;

const cachedOffsets = (zone: string) => {
  const iana = IANAZone.create(zone);
  const atMidnight = new Map<number, number>();
  const offsetAtMidnight = (days: number): number => {
    const known = atMidnight.get(days);
    if (known !== undefined) return known;
    const offset = iana.offset(days * day);
    atMidnight.set(days, offset);
    return offset;
  };
  return {
    offsetAt: (epochMs: number): number => {
      const days = Math.floor(epochMs / day);
      const offset = offsetAtMidnight(days);
      return offset === offsetAtMidnight(days + 1) ? offset : iana.offset(epochMs);
    },
  };
};
