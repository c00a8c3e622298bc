/** Prepares the rule of a series for expansions within several windows. */
import { day } from '../../domain/time/units.ts';
import { type ElapsedRule, expandElapsedRule, readElapsedRule } from './elapsed-rule.ts';
import { type CalendarTime, readTimes } from './properties.ts';
import { expandRule, type Rule } from './recurrence.ts';
import { isWithin, type WorkLimit } from './work-limit.ts';
import { instantOf, localTimeOf, type Zone } from './zones/zone.ts';

/** Where a series begins. */
export interface SeriesStart {
  readonly time: CalendarTime;
  readonly zone: Zone;
}

export interface CompiledRule {
  readonly rule: Rule;
  /** Undefined: the rule follows the clock. */
  readonly elapsed: ElapsedRule | undefined;
  readonly last: LastStart;
}

/** The last time at which an occurrence of a rule can start: on the clock of the series, and as an instant. */
interface LastStart {
  readonly local: number;
  readonly instant: number;
}

/** The starts of a rule on the clock of the series, and those that follow elapsed time. */
type RuleStarts =
  | { readonly kind: 'complete'; readonly locals: readonly number[]; readonly instants: readonly number[] }
  | { readonly kind: 'too_many' }
  | { readonly kind: 'invalid' };

const none: readonly number[] = [];

/** @param reportInvalid is called when UNTIL cannot be read */
export const compileRule = (rule: Rule, start: SeriesStart, reportInvalid: () => void): CompiledRule => ({
  rule,
  elapsed: start.time.form === 'date' ? undefined : readElapsedRule(rule.text),
  last: lastOf(rule, start, reportInvalid),
});

/**
 * Returns the last start that UNTIL permits. An UNTIL that cannot be read is reported; its date still ends the rule when
 * that can be read.
 */
const lastOf = ({ until }: Rule, { time, zone }: SeriesStart, reportInvalid: () => void): LastStart => {
  if (until === undefined) return { local: Infinity, instant: Infinity };
  const [written] = readTimes(`UNTIL:${until}`).times;
  if (!written) reportInvalid();
  const last = written ?? readTimes(`UNTIL:${until.slice(0, 8)}`).times[0];
  if (!last) return { local: Infinity, instant: Infinity };
  if (last.form === 'date') return { local: last.localMs + day - 1, instant: Infinity };
  if (last.form !== 'utc') return { local: last.localMs, instant: Infinity };
  const local = localTimeOf(zone, last.localMs);
  // For a series of days, programs write midnight of the last day in UTC or in their own zone.
  return time.form === 'date'
    ? { local: Math.max(local, last.localMs), instant: Infinity }
    : { local: local + day, instant: last.localMs };
};

/** Returns whether UNTIL permits a start at this local time. */
export const isUntil = ({ last }: CompiledRule, zone: Zone, local: number): boolean =>
  local <= last.local && (last.instant === Infinity || instantOf(zone, local) <= last.instant);

/**
 * Returns the starts of the rule that can be within [from, until], local times in milliseconds read as UTC. The start of the
 * series is always one (RFC 5545, section 3.8.5.3).
 * @param margin how far zones differ: an instant can be within the window although its local time is not
 */
export const startsOfRule = (
  compiled: CompiledRule,
  { time: { localMs }, zone }: SeriesStart,
  { from, until, margin }: { readonly from: number; readonly until: number; readonly margin: number },
  limit: WorkLimit,
): RuleStarts => {
  const { rule, elapsed, last } = compiled;
  if (elapsed) {
    const end = Math.min(until, last.instant, instantOf(zone, Math.min(until, last.local)));
    const instants = expandElapsedRule(elapsed, zone, instantOf(zone, localMs), from, end);
    return instants === 'too_many' || !isWithin(limit, 'starts', instants.length)
      ? { kind: 'too_many' }
      : { kind: 'complete', locals: none, instants };
  }
  const expansion = expandRule(rule, localMs, from, Math.min(until, last.local), limit);
  if (expansion.kind !== 'complete') return expansion;
  const locals =
    last.instant < until + margin
      ? expansion.starts.filter((local) => isUntil(compiled, zone, local))
      : expansion.starts;
  return { kind: 'complete', locals, instants: none };
};
