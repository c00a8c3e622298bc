/**
 * Expands exception rules (EXRULE, RFC 2445, section 4.8.5.2). RFC 5545 has removed them, and old servers still serve them. What
 * they generate is not among the occurrences, whichever rule or date has added it.
 */
import { type CompiledRule, compileRule, type SeriesStart, startsOfRule } from './compiled-rule.ts';
import { generatesStart, type Rule } from './recurrence.ts';
import { maxRules, type WorkLimit } from './work-limit.ts';
import { instantOf } from './zones/zone.ts';

/** @param instant of an occurrence that was found as an instant: the clock can show its local time twice */
export type IsExcepted = (local: number, instant?: number) => boolean;

interface ExceptionRules {
  readonly isEmpty: boolean;
  /** Returns the function that tells which occurrences the rules except within the window. */
  within(window: Parameters<typeof startsOfRule>[2], limit: WorkLimit): IsExcepted;
}

const noException: IsExcepted = () => false;

/**
 * Prepares the exception rules of a series. A rule that cannot be expanded is reported, and excepts nothing: the series then
 * has more occurrences than it should, and not fewer.
 */
export const compileExceptionRules = (
  rules: readonly Rule[],
  start: SeriesStart,
  report: (code: 'invalid_rule' | 'too_many_occurrences') => void,
): ExceptionRules => {
  if (rules.length > maxRules) report('too_many_occurrences');
  const compiled = rules.length > maxRules ? [] : rules.map((rule) => compileException(rule, start, report));
  return {
    isEmpty: compiled.length === 0,
    within(window, limit) {
      if (compiled.length === 0) return noException;
      const locals = new Set<number>();
      const instants = new Set<number>();
      for (const { rule, exceptsStart } of compiled) {
        const starts = startsOfRule(rule, start, window, limit);
        if (starts.kind !== 'complete') {
          report(starts.kind === 'invalid' ? 'invalid_rule' : 'too_many_occurrences');
          continue;
        }
        const first = instantOf(start.zone, start.time.localMs);
        for (const local of starts.locals)
          if (exceptsStart || local !== start.time.localMs) locals.add(local);
        for (const instant of starts.instants) if (exceptsStart || instant !== first) instants.add(instant);
      }
      return (local, instant = instantOf(start.zone, local)) =>
        instants.has(instant) || (locals.has(local) && instantOf(start.zone, local) === instant);
    },
  };
};

interface CompiledException {
  readonly rule: CompiledRule;
  /** Whether the rule generates the start of the series. */
  readonly exceptsStart: boolean;
}

/**
 * The start of a series is always an occurrence, and is counted. An exception rule excepts it only if it generates it, and
 * only then counts it.
 */
const compileException = (
  rule: Rule,
  start: SeriesStart,
  report: (code: 'invalid_rule') => void,
): CompiledException => {
  const reportInvalid = () => report('invalid_rule');
  const compiled = compileRule(rule, start, reportInvalid);
  const { localMs } = start.time;
  const exceptsStart = compiled.elapsed
    ? (compiled.elapsed.isOn?.(localMs) ?? true)
    : generatesStart(rule, localMs);
  if (exceptsStart) return { rule: compiled, exceptsStart };
  const text = rule.text.replace(/\bCOUNT=(\d+)/, (_, count: string) => `COUNT=${Number(count) + 1}`);
  return { rule: compileRule({ ...rule, text }, start, () => {}), exceptsStart };
};
