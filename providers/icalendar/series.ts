/** Expands an event, or a series with its changed occurrences, into the times that it blocks. */
import { day, hour } from '../../domain/time/units.ts';
import type { EventComponent } from './event.ts';
import type { ReportFault } from './faults.ts';
import { type CalendarDuration, type CalendarTime, readTimes } from './properties.ts';
import { expandRule, type Rule } from './recurrence.ts';
import { instantOf, localTimeOf, type Zone } from './zones/zone.ts';
import type { Zones } from './zones/zones.ts';

/** In epoch milliseconds, as all instants here. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A time that an event blocks. */
export interface BlockedTime extends Span {
  readonly event: EventComponent;
}

/** A series: its main component, and the components that replace occurrences of it. */
export interface Series {
  readonly main: EventComponent;
  readonly replacements: readonly EventComponent[];
}

/** A component with what all its occurrences have in common. */
interface Pattern {
  readonly event: EventComponent;
  readonly zone: Zone;
  /** Undefined: the event ends before it starts, and blocks no time. */
  readonly length: CalendarDuration | undefined;
}

/** A replacement of all occurrences from `from` on, a local time of the main component. */
interface LaterPattern extends Pattern {
  readonly from: number;
}

/** Zones differ by up to 26 hours: an occurrence can be in the window although its local time seems not to be. */
const zoneMargin = 26 * hour;

/** The days of a century. A longer event is cut, so that its times stay within what a date can hold. */
const longestDays = 36_525;

/** Creates the function that returns the times within the window that a series blocks. */
export const createExpansion = (
  window: Span,
  zones: Zones,
  reportFault: ReportFault,
): ((series: Series) => readonly BlockedTime[]) => {
  const instantOfTime = (time: CalendarTime, uid: string | undefined): number =>
    instantOf(zones.zoneOf(time, uid), time.localMs);

  /**
   * DTEND fixes the exact length of every occurrence. A DURATION in days, and the dates of whole days, follow the clock
   * (RFC 5545, section 3.8.5.3).
   */
  const lengthOf = ({ uid, start, end }: EventComponent): CalendarDuration | undefined => {
    const { days, ms } = 'localMs' in end ? lengthUntil(start, end, uid) : end;
    if (days * day + ms >= 0)
      return { days: Math.min(days, longestDays), ms: Math.min(ms, longestDays * day) };
    reportFault({ code: 'ends_before_start', uid, about: 'VEVENT' });
    return undefined;
  };

  const lengthUntil = (start: CalendarTime, end: CalendarTime, uid: string | undefined): CalendarDuration => {
    if (start.form !== 'date' || end.form !== 'date') {
      return { days: 0, ms: instantOfTime(end, uid) - instantOfTime(start, uid) };
    }
    const days = (end.localMs - start.localMs) / day;
    // Some programs write the same date twice for one day.
    return { days: days === 0 ? 1 : days, ms: 0 };
  };

  const patternOf = (event: EventComponent): Pattern => ({
    event,
    zone: zones.zoneOf(event.start, event.uid),
    length: lengthOf(event),
  });

  /** Returns the time blocked by an occurrence that starts at this local time. */
  const blocked = ({ event, zone, length }: Pattern, local: number): readonly BlockedTime[] => {
    if (event.busy === 'free' || !length) return [];
    const start = instantOf(zone, local);
    const end = (length.days === 0 ? start : instantOf(zone, local + length.days * day)) + length.ms;
    return start < end && start < window.end && end > window.start ? [{ start, end, event }] : [];
  };

  /** Returns a time on the clock of the series. */
  const localIn = ({ zone, event }: Pattern, time: CalendarTime): number => {
    if (event.start.form === 'date') return startOfDay(time.localMs);
    const own = zones.zoneOf(time, event.uid);
    return time.form === 'date' || own === zone
      ? time.localMs
      : localTimeOf(zone, instantOf(own, time.localMs));
  };

  /** Returns a function that says whether an occurrence is among the times. A date means all occurrences of that day. */
  const among = (main: Pattern, times: readonly CalendarTime[]): ((local: number) => boolean) => {
    if (times.length === 0) return () => false;
    const isDated = main.event.start.form === 'date';
    const days = new Set(times.filter(({ form }) => isDated || form === 'date').map(dayOf));
    const timed = times.filter(({ form }) => !isDated && form !== 'date');
    const locals = new Set(timed.map((time) => localIn(main, time)));
    const instants = new Set(timed.map((time) => instantOfTime(time, main.event.uid)));
    return (local) =>
      days.has(startOfDay(local)) || locals.has(local) || instants.has(instantOf(main.zone, local));
  };

  const laterPatterns = (main: Pattern, replacements: readonly EventComponent[]): readonly LaterPattern[] =>
    replacements
      .flatMap((event) =>
        event.replaces?.andFuture === true
          ? [{ ...patternOf(event), from: localIn(main, event.replaces.time) }]
          : [],
      )
      .sort((one, other) => one.from - other.from);

  /** Returns the local starts of all occurrences that can be in the window; `too_many` when they cannot be listed. */
  const startsOf = (main: Pattern, reach: number): ReadonlySet<number> | 'too_many' => {
    const { event } = main;
    const starts = new Set([event.start.localMs, ...event.addedStarts.map((time) => localIn(main, time))]);
    for (const rule of event.rules) {
      const from = window.start - reach - zoneMargin;
      const until = Math.min(window.end + reach + zoneMargin, untilOf(main, rule));
      const expansion = expandRule(rule, event.start.localMs, from, until);
      if (expansion.kind === 'too_many') return 'too_many';
      if (expansion.kind === 'invalid') {
        reportFault({ code: 'invalid_rule', uid: event.uid, about: 'RRULE' });
        continue;
      }
      for (const start of expansion.starts) starts.add(start);
    }
    return starts;
  };

  /** The times of a series that cannot be listed are blocked as a whole: they must not count as free. */
  const blockedAsWhole = ({ event }: Pattern): readonly BlockedTime[] => {
    reportFault({ code: 'too_many_occurrences', uid: event.uid, about: 'RRULE' });
    const start = Math.max(window.start, instantOfTime(event.start, event.uid));
    return event.busy !== 'free' && start < window.end ? [{ start, end: window.end, event }] : [];
  };

  return ({ main: event, replacements }) => {
    const main = patternOf(event);
    const later = laterPatterns(main, replacements);
    const replacing = replacements.flatMap((replacement) =>
      blocked(patternOf(replacement), replacement.start.localMs),
    );
    const reach = Math.max(0, ...[main, ...later].map((pattern) => reachOf(pattern, main)));
    const starts = startsOf(main, reach);
    if (starts === 'too_many') return [...replacing, ...blockedAsWhole(main)];
    const isExcluded = among(main, event.excluded);
    const isReplaced = among(
      main,
      replacements.flatMap(({ replaces }) => replaces?.time ?? []),
    );
    const isKept = (local: number) => !isExcluded(local) && !isReplaced(local);
    const occurring = [...starts].filter(isKept).flatMap((local) => {
      const pattern = later.findLast(({ from }) => from <= local);
      return pattern
        ? blocked(pattern, pattern.event.start.localMs + local - pattern.from)
        : blocked(main, local);
    });
    const periods = event.addedPeriods
      .filter(({ start }) => isKept(localIn(main, start)))
      .flatMap(({ start, end }) => blocked(patternOf({ ...event, start, end }), start.localMs));
    return [...occurring, ...periods, ...replacing];
  };
};

/** Returns how far from its local start in the series an occurrence can reach, in either direction. */
const reachOf = ({ event, length }: Pattern, main: Pattern): number => {
  const shift =
    event === main.event ? 0 : Math.abs(event.start.localMs - (event.replaces?.time.localMs ?? 0));
  return shift + (length ? length.days * day + length.ms : 0);
};

const startOfDay = (localMs: number): number => Math.floor(localMs / day) * day;
const dayOf = ({ localMs }: CalendarTime): number => startOfDay(localMs);

/** Returns the last local time at which an occurrence of the rule can start. */
const untilOf = (main: Pattern, { until }: Rule): number => {
  const [last] = until === undefined ? [] : readTimes(`UNTIL:${until}`).times;
  if (!last) return Infinity;
  if (last.form === 'date') return last.localMs + day - 1;
  const local = last.form === 'utc' ? localTimeOf(main.zone, last.localMs) : last.localMs;
  // For a series of days, programs write midnight of the last day in UTC or in their own zone.
  return main.event.start.form === 'date' ? Math.max(local, last.localMs) : local;
};
