/** Expands an event, or a series with its changed occurrences, into its occurrences. */
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

/** An occurrence of an event, such as a time that it blocks. */
export interface Occurrence extends Span {
  readonly event: EventComponent;
  /** Its original start on the clock of the series: the same after the occurrence was moved. */
  readonly at: number;
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

/**
 * Returns the events by series. A replacement whose series is missing, as in an invitation to one occurrence, is an event
 * of its own. Feeds can give several events one UID: each is a series then.
 */
export const seriesOf = (events: readonly EventComponent[]): readonly Series[] =>
  [...Map.groupBy(events, (event) => event.uid ?? event).values()].flatMap((group) => {
    const replacements = group.filter(({ replaces }) => replaces !== undefined);
    const [first, ...others] = group.filter(({ replaces }) => replaces === undefined);
    return first ? [{ main: first, replacements }, ...others.map(alone)] : replacements.map(alone);
  });

const alone = (main: EventComponent): Series => ({ main, replacements: [] });

/** Which occurrences are wanted: those that block time, or all that take place. */
type Selection = 'blocking' | 'all';

const isSelected = ({ availability }: EventComponent, selection: Selection): boolean =>
  selection === 'all'
    ? availability !== 'cancelled'
    : availability === 'busy' || availability === 'tentative';

const noLength: CalendarDuration = { days: 0, ms: 0 };

/** Creates the function that returns the occurrences of a series within the window. */
export const createExpansion = (
  window: Span,
  zones: Zones,
  reportFault: ReportFault,
  selection: Selection = 'blocking',
): ((series: Series) => readonly Occurrence[]) => {
  const compile = createCompilation(zones, reportFault, selection);
  return (series) => {
    const found: Occurrence[] = [];
    compile(series)(window, (start, end, event, at) => found.push({ start, end, event, at }));
    return found;
  };
};

/** Takes an occurrence. Its parts are passed one by one, because there can be hundreds of thousands. */
type Take = (start: number, end: number, event: EventComponent, at: number) => void;

/** Finds the occurrences of a series within a window. */
type CompiledSeries = (window: Span, take: Take) => void;

/** Creates the function that prepares a series for expansions within several windows. */
export const createCompilation = (
  zones: Zones,
  reportFault: ReportFault,
  selection: Selection = 'blocking',
): ((series: Series) => CompiledSeries) => {
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

  /** Takes the occurrence that starts at this local time, when it is wanted. @param at its original local start */
  const takeAt = (window: Span, take: Take, pattern: Pattern, local: number, at: number): void => {
    const { event, zone } = pattern;
    if (!isSelected(event, selection)) return;
    const length = pattern.length ?? noLength;
    const start = instantOf(zone, local);
    const end = (length.days === 0 ? start : instantOf(zone, local + length.days * day)) + length.ms;
    const isWanted = start < end || selection === 'all';
    if (isWanted && start < window.end && end > window.start) take(start, end, event, at);
  };

  /** Returns a time on the clock of the series. */
  const localIn = ({ zone, event }: Pattern, time: CalendarTime): number => {
    if (event.start.form === 'date') return startOfDay(time.localMs);
    const own = zones.zoneOf(time, event.uid);
    return time.form === 'date' || own === zone
      ? time.localMs
      : localTimeOf(zone, instantOf(own, time.localMs));
  };

  const originalStart = (main: Pattern, { replaces, start }: EventComponent): number =>
    replaces ? localIn(main, replaces.time) : start.localMs;

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
  const startsOf = (
    window: Span,
    { pattern: main, reach, firstStarts, lastStarts }: CompiledMain,
  ): readonly number[] | 'too_many' => {
    const { event } = main;
    const expansionOf = (rule: Rule, index: number) =>
      expandRule(
        rule,
        event.start.localMs,
        window.start - reach - zoneMargin,
        Math.min(window.end + reach + zoneMargin, lastStarts[index] ?? Infinity),
      );
    const [first, ...others] = event.rules;
    const endsFirst = (lastStarts[0] ?? Infinity) < event.start.localMs;
    if (first && others.length === 0 && firstStarts.length === 1 && !endsFirst) {
      const expansion = expansionOf(first, 0);
      if (expansion.kind === 'too_many') return 'too_many';
      // The start of the series is among the starts of its rule.
      if (expansion.kind === 'complete') return expansion.starts;
    }
    const starts = new Set(firstStarts);
    for (const [index, rule] of event.rules.entries()) {
      const expansion = expansionOf(rule, index);
      if (expansion.kind === 'too_many') return 'too_many';
      if (expansion.kind === 'invalid') {
        reportFault({ code: 'invalid_rule', uid: event.uid, about: 'RRULE' });
        continue;
      }
      for (const start of expansion.starts) starts.add(start);
    }
    return [...starts];
  };

  /** The times of a series that cannot be listed are blocked as a whole: they must not count as free. */
  const blockAsWhole = (window: Span, take: Take, { event }: Pattern): void => {
    reportFault({ code: 'too_many_occurrences', uid: event.uid, about: 'RRULE' });
    const start = Math.max(window.start, instantOfTime(event.start, event.uid));
    if (isSelected(event, selection) && start < window.end) {
      take(start, window.end, event, event.start.localMs);
    }
  };

  return ({ main: event, replacements }) => {
    const main = patternOf(event);
    const later = laterPatterns(main, replacements);
    const replacing = replacements.map((replacement) => ({
      pattern: patternOf(replacement),
      local: replacement.start.localMs,
      at: originalStart(main, replacement),
    }));
    const compiled: CompiledMain = {
      pattern: main,
      reach: Math.max(0, ...[main, ...later].map((pattern) => reachOf(pattern, main))),
      firstStarts: [event.start.localMs, ...event.addedStarts.map((time) => localIn(main, time))],
      lastStarts: event.rules.map((rule) => untilOf(main, rule)),
    };
    const isExcluded = among(main, event.excluded);
    const isReplaced = among(
      main,
      replacements.flatMap(({ replaces }) => replaces?.time ?? []),
    );
    const isKept = (local: number) => !isExcluded(local) && !isReplaced(local);
    const keepsAll = event.excluded.length === 0 && replacements.length === 0;
    const periods = event.addedPeriods
      .filter(({ start }) => isKept(localIn(main, start)))
      .map(({ start, end }) => ({
        pattern: patternOf({ ...event, start, end }),
        local: start.localMs,
        at: localIn(main, start),
      }));
    return (window, take) => {
      const starts = startsOf(window, compiled);
      if (starts === 'too_many') blockAsWhole(window, take, main);
      else {
        for (const local of starts) {
          if (!keepsAll && !isKept(local)) continue;
          const pattern = later.length === 0 ? undefined : later.findLast(({ from }) => from <= local);
          if (pattern) {
            takeAt(window, take, pattern, pattern.event.start.localMs + local - pattern.from, local);
          } else takeAt(window, take, main, local, local);
        }
        for (const { pattern, local, at } of periods) takeAt(window, take, pattern, local, at);
      }
      for (const { pattern, local, at } of replacing) takeAt(window, take, pattern, local, at);
    };
  };
};

/** What the windows of a series have in common. */
interface CompiledMain {
  readonly pattern: Pattern;
  /** How far from its local start an occurrence can reach. */
  readonly reach: number;
  /** The local starts that no rule generates. */
  readonly firstStarts: readonly number[];
  /** For each rule, the last local time at which an occurrence can start. */
  readonly lastStarts: readonly number[];
}

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
