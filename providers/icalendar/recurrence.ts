/**
 * Expands recurrence rules (RFC 5545, section 3.3.10) with `rrule-temporal`. Rules are expanded on the clock of their
 * zone, as times without a zone: the zone of a calendar can be one that no library knows.
 */
import { RRuleTemporal } from 'rrule-temporal';
import { day, hour, minute, second } from '../../domain/time/units.ts';
import { expandSimpleRule } from './simple-rule.ts';
import { isWithin, maxStarts, resourceLimit, type WorkLimit } from './work-limit.ts';
import { expandYearlyRule } from './yearly-rule.ts';

/** A rule without its UNTIL, which is compared with occurrences and not with their clock. */
export interface Rule {
  /** `FREQ=WEEKLY;BYDAY=MO` */
  readonly text: string;
  readonly until: string | undefined;
}

/** Returns the rule of an RRULE value; undefined for a value that is none. */
export const readRule = (value: string): Rule | undefined => {
  const parts = value
    .trim()
    .toUpperCase()
    .split(';')
    .filter((part) => part !== '');
  const until = parts.find((part) => part.startsWith('UNTIL='))?.slice('UNTIL='.length);
  const rest = parts.filter((part) => !part.startsWith('UNTIL='));
  const isRule =
    rest.every((part) => /^[A-Z-]+=[A-Z0-9,+-]+$/.test(part)) &&
    rest.some((part) => part.startsWith('FREQ='));
  const hasZero = rest.some((part) => /^(INTERVAL|COUNT)=0+$/.test(part));
  return isRule && !hasZero ? { text: rest.join(';'), until } : undefined;
};

/** The library jumps to the window. What it then steps through is bounded by these numbers: half a second at worst. */
const maxPeriods = 10_000;
const maxCandidates = 20_000;
/**
 * Parts that multiply the candidates of a period. Other rules have few in each, so the number of periods bounds them. They
 * are expanded without the second limit and without `includeDtstart`, because the library is then ten times faster.
 */
const multiplies = /\b(BYHOUR|BYMINUTE|BYSECOND|BYSETPOS|BYWEEKNO|BYYEARDAY)=/;

type Expansion =
  | { readonly kind: 'complete'; readonly starts: readonly number[] }
  /** The rule has more occurrences, or needs more steps, than the limits allow. */
  | { readonly kind: 'too_many' }
  | { readonly kind: 'invalid' };

/**
 * Returns the starts of a rule within [from, until], as local times. The start of the series is always one
 * (RFC 5545, section 3.8.5.3). Bounded in time: a rule that never ends, or never occurs, costs the same.
 *
 * @param start the local time of DTSTART, in milliseconds read as UTC, as all times here
 * @param limit what the expansion uses is taken from it. Default: that of one resource.
 */
export const expandRule = (
  rule: Rule,
  start: number,
  from: number,
  until: number,
  limit: WorkLimit = resourceLimit(),
): Expansion => {
  if (from > until || until < start) return { kind: 'complete', starts: [] };
  const simple = expandSimpleRule(rule.text, start, from, until);
  if (simple) return isWithin(limit, 'starts', simple.length) ? complete(simple) : tooMany;
  if (!isWithin(limit, 'steps', stepsOf(rule.text, start, from, until))) return tooMany;
  const yearly = expandYearlyRule(withWeekday(rule.text, start), start, from, until);
  if (yearly === 'too_many') return tooMany;
  const expansion = yearly ? complete(yearly) : expandByLibrary(rule, start, from, until);
  if (expansion.kind !== 'complete') return expansion;
  return isWithin(limit, 'starts', expansion.starts.length) ? expansion : tooMany;
};

const tooMany: Expansion = { kind: 'too_many' };
const complete = (starts: readonly number[]): Expansion => ({ kind: 'complete', starts });

/** The length of a period, and the days that the library looks at in it. */
const periods: ReadonlyMap<string, { readonly ms: number; readonly days: number }> = new Map([
  ['YEARLY', { ms: 365 * day, days: 366 }],
  ['MONTHLY', { ms: 28 * day, days: 31 }],
  ['WEEKLY', { ms: 7 * day, days: 7 }],
  ['DAILY', { ms: day, days: 1 }],
  ['HOURLY', { ms: hour, days: 1 }],
  ['MINUTELY', { ms: minute, days: 1 }],
  ['SECONDLY', { ms: second, days: 1 }],
]);

/** Estimates the steps that the library needs. */
const stepsOf = (text: string, start: number, from: number, until: number): number => {
  const parts = new Map(text.split(';').map((part) => [part.split('=')[0], part.split('=')[1] ?? '']));
  const { ms, days } = periods.get(parts.get('FREQ') ?? '') ?? { ms: day, days: 1 };
  // Occurrences that are counted are found from the beginning on.
  const span = until - (parts.has('COUNT') ? start : Math.max(start, from));
  const count = Math.min(maxPeriods, 1 + span / (ms * (Number(parts.get('INTERVAL')) || 1)));
  if (!multiplies.test(text)) return count;
  const times = ['BYHOUR', 'BYMINUTE', 'BYSECOND'].map((name) => parts.get(name)?.split(',').length ?? 1);
  return Math.min(
    maxCandidates,
    times.reduce((product, length) => product * length, count * days),
  );
};

/** Like `expandRule`, for every rule, without a limit of its own. */
export const expandByLibrary = (rule: Rule, start: number, from: number, until: number): Expansion => {
  const text = withWeekday(rule.text, start);
  try {
    const recurrence = new RRuleTemporal({
      rruleString: `DTSTART;TZID=UTC:${digitsOf(start)}\nRRULE:${text}`,
      // A start that the rule does not generate is its first occurrence, and is counted.
      ...(text.includes('COUNT=') && { includeDtstart: true }),
      ...(multiplies.test(text) && { maxCandidateEvaluations: maxCandidates }),
      maxIterations: maxPeriods,
      cache: false,
    });
    const found = recurrence.between(new Date(from), new Date(until), true);
    const starts = new Set(found.map(({ epochMilliseconds }) => epochMilliseconds));
    if (start >= from && start <= until) starts.add(start);
    return starts.size > maxStarts ? tooMany : complete([...starts].sort((one, other) => one - other));
  } catch (error) {
    const exceeded = error instanceof Error && error.message.startsWith('Maximum ');
    return { kind: exceeded ? 'too_many' : 'invalid' };
  }
};

const weekdays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

/**
 * Returns the rule with the weekday of DTSTART when it names weeks and no days. What a rule does not say is derived from
 * DTSTART (RFC 5545, section 3.3.10). `lib-recur` keeps the weekday, too
 * (https://github.com/dmfs/lib-recur/blob/main/src/main/java/org/dmfs/rfc5545/recur/ByWeekNoYearlyExpander.java).
 * `rrule-temporal` takes the weekday from the date to which it jumps: it depends on the window.
 */
const withWeekday = (text: string, start: number): string =>
  text.includes('BYWEEKNO=') && !/\b(BYDAY|BYMONTHDAY|BYYEARDAY)=/.test(text)
    ? `${text};BYDAY=${weekdays[new Date(start).getUTCDay()] ?? 'MO'}`
    : text;

/**
 * Returns whether the rule itself generates the start of the series. False for a rule that cannot be expanded.
 * @param start the local time of DTSTART, as in `expandRule`
 */
export const generatesStart = ({ text }: Rule, start: number): boolean => {
  // The start is always among the starts of a rule: a day before, only those that the rule generates are. A count or an
  // interval from that day on would leave the start out.
  const endless = withWeekday(text, start)
    .replaceAll(/;?\b(COUNT|INTERVAL)=\d+/g, '')
    .replace(/^;/, '');
  const yearly = expandYearlyRule(endless, start - day, start, start);
  if (yearly) return yearly !== 'too_many' && yearly.includes(start);
  try {
    const rule = new RRuleTemporal({
      rruleString: `DTSTART;TZID=UTC:${digitsOf(start)}\nRRULE:${withWeekday(text, start)}`,
      maxCandidateEvaluations: maxCandidates,
      maxIterations: maxPeriods,
      cache: false,
    });
    return rule.between(new Date(start), new Date(start), true).length > 0;
  } catch {
    return false;
  }
};

/** Returns `20261201T090000`. */
const digitsOf = (localMs: number): string =>
  new Date(localMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
