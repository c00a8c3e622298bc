/**
 * Expands recurrence rules (RFC 5545, section 3.3.10) with `rrule-temporal`. Rules are expanded on the clock of their
 * zone, as times without a zone: the zone of a calendar can be one that no library knows.
 */
import { RRuleTemporal } from 'rrule-temporal';
import { expandSimpleRule } from './simple-rule.ts';

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

/** The library jumps to the window. What it then steps through is bounded by these numbers: less than a second at worst. */
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
 */
export const expandRule = (rule: Rule, start: number, from: number, until: number): Expansion => {
  if (from > until || until < start) return { kind: 'complete', starts: [] };
  const simple = expandSimpleRule(rule.text, start, from, until);
  return simple ? { kind: 'complete', starts: simple } : expandByLibrary(rule, start, from, until);
};

/** Like `expandRule`, for every rule. */
export const expandByLibrary = ({ text }: Rule, start: number, from: number, until: number): Expansion => {
  try {
    const rule = new RRuleTemporal({
      rruleString: `DTSTART;TZID=UTC:${digitsOf(start)}\nRRULE:${text}`,
      // A start that the rule does not generate is its first occurrence, and is counted.
      ...(text.includes('COUNT=') && { includeDtstart: true }),
      ...(multiplies.test(text) && { maxCandidateEvaluations: maxCandidates }),
      maxIterations: maxPeriods,
      cache: false,
    });
    const found = rule.between(new Date(from), new Date(until), true);
    const starts = new Set(found.map(({ epochMilliseconds }) => epochMilliseconds));
    if (start >= from && start <= until) starts.add(start);
    return { kind: 'complete', starts: [...starts].sort((one, other) => one - other) };
  } catch (error) {
    const exceeded = error instanceof Error && error.message.startsWith('Maximum ');
    return { kind: exceeded ? 'too_many' : 'invalid' };
  }
};

/**
 * Returns whether the rule itself generates the start of the series. False for a rule that cannot be expanded.
 * @param start the local time of DTSTART, as in `expandRule`
 */
export const generatesStart = ({ text }: Rule, start: number): boolean => {
  try {
    const rule = new RRuleTemporal({
      rruleString: `DTSTART;TZID=UTC:${digitsOf(start)}\nRRULE:${text}`,
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
