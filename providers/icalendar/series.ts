/** Expands an event, or a series with its changed occurrences, into its occurrences. */
import { day, hour } from '../../domain/time/units.ts';
import { type CompiledRule, compileRule, isUntil, type SeriesStart, startsOfRule } from './compiled-rule.ts';
import type { EventComponent } from './event.ts';
import { compileExceptionRules, type IsExcepted } from './exception-rules.ts';
import type { ReportFault } from './faults.ts';
import type { CalendarDuration, CalendarTime } from './properties.ts';
import { maxReplacements, maxRules, maxStarts, resourceLimit, type WorkLimit } from './work-limit.ts';
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
    const replacing = group.filter(({ replaces }) => replaces !== undefined);
    const replacements =
      replacing.length > maxReplacements
        ? replacing
        : newestOf(
            replacing,
            ({ replaces }) => `${replaces?.andFuture} ${replaces?.time.tzid} ${replaces?.time.localMs}`,
          );
    const [first, ...others] = group.filter(({ replaces }) => replaces === undefined);
    return first ? [{ main: first, replacements }, ...others.map(alone)] : replacements.map(alone);
  });

const alone = (main: EventComponent): Series => ({ main, replacements: [] });

/**
 * Returns one component for each key: a component with the same UID and RECURRENCE-ID is a revision (RFC 5546,
 * section 2.1.5). The highest SEQUENCE counts, then the latest DTSTAMP, then the last one in the text.
 */
const newestOf = (
  events: readonly EventComponent[],
  keyOf: (event: EventComponent) => string,
): readonly EventComponent[] =>
  events.length < 2
    ? events
    : [...Map.groupBy(events, keyOf).values()].flatMap((revisions) =>
        revisions
          .toSorted((one, other) => one.sequence - other.sequence || one.stampMs - other.stampMs)
          .slice(-1),
      );

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
  limit: WorkLimit = resourceLimit(),
): ((series: Series) => readonly Occurrence[]) => {
  const compile = createCompilation(zones, reportFault, selection);
  return (series) => {
    const found: Occurrence[] = [];
    compile(series)(window, (start, end, event, at) => found.push({ start, end, event, at }), limit);
    return found;
  };
};

/** Takes an occurrence. Its parts are passed one by one, because there can be hundreds of thousands. */
type Take = (start: number, end: number, event: EventComponent, at: number) => void;

/** Finds the occurrences of a series within a window. */
type CompiledSeries = (window: Span, take: Take, limit: WorkLimit) => void;

/** Creates the function that prepares a series for expansions within several windows. */
export const createCompilation = (
  zones: Zones,
  reportFault: ReportFault,
  selection: Selection = 'blocking',
): ((series: Series) => CompiledSeries) => {
  /**
   * @param series the zone of the series. A time without a zone is on its clock: RFC 5545 requires the form of DTSTART, and programs
   * leave out the zone. Default: such a time is on the owner's clock.
   */
  const zoneOfTime = (time: CalendarTime, uid: string | undefined, series = zones.owner): Zone =>
    time.form === 'floating' ? series : zones.zoneOf(time, uid);

  const instantOfTime = (time: CalendarTime, uid: string | undefined, series?: Zone): number =>
    instantOf(zoneOfTime(time, uid, series), time.localMs);

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
      return { days: 0, ms: instantOfTime(end, uid, zones.zoneOf(start, uid)) - instantOfTime(start, uid) };
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

  /**
   * Takes the occurrence that starts at this local time, when it is wanted.
   * @param at its original local start
   * @param start when it starts. The clock can show its local time twice.
   */
  const takeAt = (
    window: Span,
    take: Take,
    pattern: Pattern,
    local: number,
    at: number,
    start = instantOf(pattern.zone, local),
  ): void => {
    const { event, zone } = pattern;
    if (!isSelected(event, selection)) return;
    const length = pattern.length ?? noLength;
    const end = (length.days === 0 ? start : instantOf(zone, local + length.days * day)) + length.ms;
    const isWanted = start < end || selection === 'all';
    if (isWanted && start < window.end && end > window.start) take(start, end, event, at);
  };

  /** Returns a time on the clock of the series. */
  const localIn = ({ zone, event }: Pattern, time: CalendarTime): number => {
    if (event.start.form === 'date') return dayIn(zone, time, event.uid);
    const own = zoneOfTime(time, event.uid, zone);
    return time.form === 'date' || own === zone
      ? time.localMs
      : localTimeOf(zone, instantOf(own, time.localMs));
  };

  /**
   * Returns the day of the owner that a time means. Some programs write the midnight of the day as if the owner were in
   * another zone: a midnight that is none of the owner means the date that its digits name.
   */
  const dayIn = (zone: Zone, time: CalendarTime, uid: string | undefined): number => {
    if (time.form === 'date' || time.form === 'floating') return startOfDay(time.localMs);
    const local = localTimeOf(zone, instantOfTime(time, uid));
    const isWritten = startOfDay(local) !== local && startOfDay(time.localMs) === time.localMs;
    return isWritten ? time.localMs : startOfDay(local);
  };

  /** Tells which occurrence a component replaces, in whatever form its RECURRENCE-ID is written. */
  const originalInstant = (main: Pattern, { replaces, uid }: EventComponent): number | undefined => {
    if (!replaces) return undefined;
    const isDay = main.event.start.form === 'date' || replaces.time.form === 'date';
    return isDay ? localIn(main, replaces.time) : instantOfTime(replaces.time, uid, main.zone);
  };

  /** A date means the occurrence of that day, which starts when the series does. */
  const originalStart = (main: Pattern, { replaces, start }: EventComponent): number => {
    if (!replaces) return start.localMs;
    const local = localIn(main, replaces.time);
    const isDay = replaces.time.form === 'date' && main.event.start.form !== 'date';
    return isDay ? local + main.event.start.localMs - startOfDay(main.event.start.localMs) : local;
  };

  /**
   * Returns a function that says whether an occurrence is among the times. A date means all occurrences of that day. A
   * time of the clock is one occurrence, unless it was found as an instant: then the clock can show it twice.
   */
  const among = (main: Pattern, times: readonly CalendarTime[]): IsAmong => {
    if (times.length === 0) return () => false;
    const isDated = main.event.start.form === 'date';
    const [dated, timed] = [times.filter(({ form }) => isDated || form === 'date'), isDated ? [] : times];
    const days = new Set(dated.map((time) => startOfDay(localIn(main, time))));
    const exact = timed.filter(({ form }) => form !== 'date');
    const locals = new Set(exact.map((time) => localIn(main, time)));
    const instants = new Set(exact.map((time) => instantOfTime(time, main.event.uid, main.zone)));
    return (local, instant) =>
      days.has(startOfDay(local)) ||
      (instant === undefined
        ? locals.has(local) || instants.has(instantOf(main.zone, local))
        : instants.has(instant));
  };

  const laterPatterns = (main: Pattern, replacements: readonly EventComponent[]): readonly LaterPattern[] =>
    replacements
      .flatMap((event) =>
        event.replaces?.andFuture === true ? [{ ...patternOf(event), from: originalStart(main, event) }] : [],
      )
      .sort((one, other) => one.from - other.from);

  /** Returns the starts of all occurrences that can be in the window; `too_many` when they cannot be listed. */
  const startsOf = (
    window: ReachedWindow,
    { pattern: main, seriesStart, firstStarts, rules }: CompiledMain,
    limit: WorkLimit,
  ): Starts | 'too_many' => {
    const { event, zone } = main;
    if (rules.length > maxRules) return 'too_many';
    const [first, ...others] = rules;
    const endsFirst = first && !isUntil(first, zone, event.start.localMs);
    if (first && !first.elapsed && others.length === 0 && firstStarts.length === 1 && !endsFirst) {
      const starts = startsOfRule(first, seriesStart, window, limit);
      if (starts.kind === 'too_many') return 'too_many';
      // The start of the series is among the starts of its rule.
      if (starts.kind === 'complete') return starts;
    }
    const locals = new Set(firstStarts);
    const instants = new Set<number>();
    for (const rule of rules) {
      const starts = startsOfRule(rule, seriesStart, window, limit);
      if (starts.kind === 'too_many') return 'too_many';
      if (starts.kind === 'invalid') {
        reportFault({ code: 'invalid_rule', uid: event.uid, about: 'RRULE' });
        continue;
      }
      for (const local of starts.locals) locals.add(local);
      for (const instant of starts.instants) instants.add(instant);
    }
    if (locals.size + instants.size > maxStarts + firstStarts.length) return 'too_many';
    if (instants.size > 0) for (const local of locals) instants.delete(instantOf(zone, local));
    return { locals: [...locals], instants: [...instants] };
  };

  /** The times of a series that cannot be listed are blocked as a whole: they must not count as free. */
  const blockAsWhole = (window: Span, take: Take, event: EventComponent, about: string): void => {
    reportFault({ code: 'too_many_occurrences', uid: event.uid, about });
    const start = Math.max(window.start, instantOfTime(event.start, event.uid));
    if (isSelected(event, selection) && start < window.end) {
      take(start, window.end, event, event.start.localMs);
    }
  };

  const compile = ({ main: event, replacements }: Series): CompiledSeries => {
    if (replacements.length > maxReplacements) {
      const blocking = [event, ...replacements].find((one) => isSelected(one, selection)) ?? event;
      const { availability } = blocking;
      return (window, take) => blockAsWhole(window, take, { ...event, availability }, 'RECURRENCE-ID');
    }
    const main = patternOf(event);
    const newest = newestOf(
      replacements,
      (replacement) => `${replacement.replaces?.andFuture} ${originalInstant(main, replacement)}`,
    );
    const later = laterPatterns(main, newest);
    const single = new Set(newest.filter(isSingle).map((replacement) => originalInstant(main, replacement)));
    // A change of one occurrence also replaces it in a change of all later ones that begins with it.
    const shown = newest.filter(
      (replacement) => isSingle(replacement) || !single.has(originalInstant(main, replacement)),
    );
    const replacing = shown.map((replacement) => ({
      pattern: patternOf(replacement),
      local: replacement.start.localMs,
      at: originalStart(main, replacement),
    }));
    const seriesStart: SeriesStart = { time: event.start, zone: main.zone };
    const compiled: CompiledMain = {
      pattern: main,
      seriesStart,
      // Not spread as arguments: there can be too many for the stack.
      reach: [main, ...later].reduce((most, pattern) => Math.max(most, reachOf(pattern, main)), 0),
      firstStarts: [event.start.localMs, ...event.addedStarts.map((time) => localIn(main, time))],
      rules: event.rules.map((rule) =>
        compileRule(rule, seriesStart, () =>
          reportFault({ code: 'invalid_rule', uid: event.uid, about: 'RRULE' }),
        ),
      ),
    };
    const exceptions = compileExceptionRules(event.exceptionRules, seriesStart, (code) =>
      reportFault({ code, uid: event.uid, about: 'EXRULE' }),
    );
    const isExcluded = among(main, event.excluded);
    const isReplaced = among(
      main,
      replacements.flatMap(({ replaces }) => replaces?.time ?? []),
    );
    const isKeptBy = (isExcepted: IsExcepted) => (local: number, instant?: number) =>
      !isExcluded(local, instant) && !isReplaced(local, instant) && !isExcepted(local, instant);
    const keepsAll = event.excluded.length === 0 && replacements.length === 0 && exceptions.isEmpty;
    // A period that is listed twice, in one form or in two, is one occurrence.
    const distinct = new Map(
      event.addedPeriods.map(({ start: written, end }) => {
        const isOnClock = written.form === 'floating' && event.start.form !== 'date';
        const start = isOnClock ? { ...event.start, localMs: written.localMs } : written;
        const own = { pattern: patternOf({ ...event, start, end }), local: start.localMs };
        const instant = instantOfTime(start, event.uid);
        const { length } = own.pattern;
        return [`${instant} ${length?.days} ${length?.ms}`, { start, instant, own }] as const;
      }),
    );
    const periods = [...distinct.values()].map(({ start, instant, own }) => {
      const from = localIn(main, start);
      const pattern = lastFrom(later, from);
      // The days of a series have no time, and several periods can be on one day.
      const at = localTimeOf(main.zone, instant);
      if (!pattern) return { ...own, from, at };
      const keepsTime = pattern.event.start.form === 'date';
      return { ...movedPeriod(own.pattern, main, pattern, keepsTime ? at : from), from, at };
    });
    return (window, take, limit) => {
      const reached = reachedBy(compiled, window);
      const starts = startsOf(reached, compiled, limit);
      if (starts === 'too_many') blockAsWhole(window, take, event, 'RRULE');
      else {
        const isKept = isKeptBy(exceptions.within(reached, limit));
        for (const local of starts.locals) {
          if (!keepsAll && !isKept(local)) continue;
          const pattern = lastFrom(later, local);
          if (pattern) {
            takeAt(window, take, pattern, pattern.event.start.localMs + local - pattern.from, local);
          } else takeAt(window, take, main, local, local);
        }
        for (const instant of starts.instants) {
          const local = localTimeOf(main.zone, instant);
          if (!keepsAll && !isKept(local, instant)) continue;
          const pattern = lastFrom(later, local);
          if (pattern) {
            const { localMs } = pattern.event.start;
            const start = instantOf(pattern.zone, localMs) + instant - instantOf(main.zone, pattern.from);
            takeAt(window, take, pattern, localTimeOf(pattern.zone, start), local, start);
          } else takeAt(window, take, main, local, local, instant);
        }
        for (const { pattern, local, from, at } of periods) {
          if (isKept(from)) takeAt(window, take, pattern, local, at);
        }
      }
      for (const { pattern, local, at } of replacing) takeAt(window, take, pattern, local, at);
    };
  };

  /** An unexpected error of one series is a fault of that series: otherwise, it would make the whole calendar unreadable. */
  const guarded = <Result>({ main: { uid } }: Series, work: () => Result): Result | undefined => {
    try {
      return work();
    } catch {
      reportFault({ code: 'not_read', uid, about: 'VEVENT' });
      return undefined;
    }
  };

  return (series) => {
    const compiled = guarded(series, () => compile(series));
    return (window, take, limit) => guarded(series, () => compiled?.(window, take, limit));
  };
};

/**
 * Returns the period as a change of all later occurrences leaves it. Each of them moves by the same difference, and has the
 * duration of the change if that is another one (RFC 5545, section 3.8.4.4).
 *
 * @param former its local start before the change
 */
const movedPeriod = (own: Pattern, main: Pattern, later: LaterPattern, former: number) => ({
  pattern: { ...later, length: hasLengthOf(main, later) ? own.length : later.length },
  local: later.event.start.localMs + former - later.from,
});

const hasLengthOf = ({ length: one }: Pattern, { length: other }: Pattern): boolean =>
  one?.days === other?.days && one?.ms === other?.ms;

/** Returns the last of the patterns, which are sorted, that has begun by the local time. */
const lastFrom = (later: readonly LaterPattern[], local: number): LaterPattern | undefined => {
  let [before, until] = [0, later.length];
  while (before < until) {
    const middle = Math.floor((before + until) / 2);
    if ((later[middle]?.from ?? Infinity) <= local) before = middle + 1;
    else until = middle;
  }
  return later[before - 1];
};

const isSingle = ({ replaces }: EventComponent): boolean => replaces?.andFuture !== true;

/** What the windows of a series have in common. */
interface CompiledMain {
  readonly pattern: Pattern;
  readonly seriesStart: SeriesStart;
  /** How far from its local start an occurrence can reach. */
  readonly reach: number;
  /** The local starts that no rule generates. */
  readonly firstStarts: readonly number[];
  readonly rules: readonly CompiledRule[];
}

/** The local times that a window can show. */
type ReachedWindow = Parameters<typeof startsOfRule>[2];

const reachedBy = ({ reach }: CompiledMain, { start, end }: Span): ReachedWindow => ({
  from: start - reach - zoneMargin,
  until: end + reach + zoneMargin,
  margin: zoneMargin,
});

/** The starts on the clock of the series, and those that follow elapsed time. */
interface Starts {
  readonly locals: readonly number[];
  readonly instants: readonly number[];
}

/** @param instant of an occurrence that was found as an instant */
type IsAmong = (local: number, instant?: number) => boolean;

/** Returns how far from its local start in the series an occurrence can reach, in either direction. */
const reachOf = ({ event, length }: Pattern, main: Pattern): number => {
  const shift =
    event === main.event ? 0 : Math.abs(event.start.localMs - (event.replaces?.time.localMs ?? 0));
  return shift + (length ? length.days * day + length.ms : 0);
};

const startOfDay = (localMs: number): number => Math.floor(localMs / day) * day;
