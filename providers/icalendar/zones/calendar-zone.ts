/** Reads the zones that a calendar defines itself (VTIMEZONE: RFC 5545, section 3.6.5). */
import { day } from '../../../domain/time/units.ts';
import { type Component, linesNamed } from '../content-lines.ts';
import { rawValueOf } from '../parameters.ts';
import { readOffset, readTimes } from '../properties.ts';
import { expandRule, type Rule, readRule } from '../recurrence.ts';
import type { Zone } from './zone.ts';

/** A STANDARD or DAYLIGHT component: from each of its onsets on, its offset applies. */
interface Observance {
  /** The local time of the first onset, read as UTC, as all onsets before their conversion. */
  readonly start: number;
  readonly onsets: readonly number[];
  readonly rules: readonly Rule[];
  readonly offsetFrom: number;
  readonly offsetTo: number;
}

interface Transition {
  readonly at: number;
  readonly offset: number;
}

/** The most observances that are used, the latest ones, and the most years whose transitions are kept. */
const maxObservances = 200;
const maxYears = 100;

/** Returns the zone that the component defines; undefined when it has no observance that can be read. */
export const calendarZone = (component: Component): Zone | undefined => {
  const observances = component.children
    .flatMap((child) => readObservance(child) ?? [])
    .sort((one, other) => one.start - other.start)
    .slice(-maxObservances);
  const [first] = observances;
  if (!first) return undefined;
  const years = new Map<number, readonly Transition[]>();
  return {
    offsetAt: (epochMs) => {
      const year = new Date(epochMs).getUTCFullYear();
      if (years.size >= maxYears) years.clear();
      const transitions = years.get(year) ?? transitionsUntil(observances, year);
      years.set(year, transitions);
      return transitions.findLast(({ at }) => at <= epochMs)?.offset ?? first.offsetFrom;
    },
  };
};

const readObservance = (component: Component): Observance | undefined => {
  const value = (name: string): string | undefined => linesNamed(component, name).map(rawValueOf).at(0);
  const [start] = linesNamed(component, 'DTSTART').flatMap((line) => readTimes(line).times);
  const offsetFrom = readOffset(value('TZOFFSETFROM'));
  const offsetTo = readOffset(value('TZOFFSETTO'));
  if (!start || offsetFrom === undefined || offsetTo === undefined) return undefined;
  return {
    start: start.localMs,
    onsets: linesNamed(component, 'RDATE').flatMap((line) =>
      readTimes(line).times.map(({ localMs }) => localMs),
    ),
    rules: linesNamed(component, 'RRULE').flatMap((line) => readRule(rawValueOf(line)) ?? []),
    offsetFrom,
    offsetTo,
  };
};

/** The clock of a zone changes at least once in this time, or has stopped changing. */
const lookBack = 3 * 366 * day;

/** Returns the transitions that decide about the offsets in a year, the earliest first. */
const transitionsUntil = (observances: readonly Observance[], year: number): readonly Transition[] => {
  const end = Date.UTC(year + 1, 0, 2);
  return observances
    .flatMap((observance) =>
      [observance.start, ...observance.onsets, ...ruleOnsets(observance, end)]
        .filter((onset) => onset <= end)
        .map((onset) => ({ at: onset - observance.offsetFrom, offset: observance.offsetTo })),
    )
    .sort((one, other) => one.at - other.at);
};

/** A rule that ended long ago still gives the last onset of its observance. */
const ruleOnsets = ({ start, rules, offsetFrom }: Observance, end: number): readonly number[] =>
  rules.flatMap((rule) => {
    const [last] =
      rule.until === undefined
        ? []
        : [rule.until, rule.until.slice(0, 8)].flatMap((until) => readTimes(`UNTIL:${until}`).times);
    const lastOnset = last && last.localMs + (last.form === 'utc' ? offsetFrom : 0);
    const until = Math.min(end, lastOnset ?? end);
    // A count can have ended long ago, too.
    const from = /\bCOUNT=/.test(rule.text) ? start : until - lookBack;
    const expansion = expandRule(rule, start, from, until);
    return expansion.kind === 'complete' ? expansion.starts : [];
  });
