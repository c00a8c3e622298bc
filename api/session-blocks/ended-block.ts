/** Ends a session block before one of its sessions. */
import { clockMsOf } from '../../domain/session-blocks/clock-times.ts';
import { endingAt, readRuleParts, untilOf } from '../../domain/session-blocks/recurrence-rule.ts';
import type { SessionBlockDefinition, SessionPlan } from '../../domain/session-blocks/session-block.ts';
import { day, second } from '../../domain/time/units.ts';
import { instantOfClock, sessionsIn } from '../../providers/icalendar/session-occurrences.ts';

/**
 * Returns the definition and the exceptions of the block without the session at `from` and all later ones. Earlier sessions
 * stay as they are. A rule that ends before `from` is kept: the session at `from` was added to it.
 *
 * @param from the start of a session in the series, later than the first one
 */
export const endBefore = (
  { definition, exceptions }: Pick<SessionPlan, 'definition' | 'exceptions'>,
  from: string,
): Pick<SessionPlan, 'definition' | 'exceptions'> => {
  const { rule, added = [], excluded = [] } = definition.recurrence ?? {};
  return {
    definition: {
      ...definition,
      recurrence: {
        ...(rule === undefined ? {} : { rule: ruleBefore(definition, rule, from) }),
        added: added.filter((at) => at < from),
        excluded: excluded.filter((at) => at < from),
      },
    },
    exceptions: exceptions.filter(({ at }) => at < from),
  };
};

const ruleBefore = (definition: SessionBlockDefinition, rule: string, from: string): string => {
  const fromMs = clockMsOf(from) ?? 0;
  const end = instantOfClock(definition.zone, fromMs) - second;
  const parts = readRuleParts(rule);
  const [until, count] = [parts.get('UNTIL'), parts.get('COUNT')];
  if (until !== undefined) {
    const last = untilOf(until) ?? Infinity;
    if (until.endsWith('Z') ? last <= end : last < fromMs) return rule;
  }
  if (count !== undefined && countBefore(definition, rule, end) >= Number(count)) return rule;
  return endingAt(rule, end);
};

/** Sessions are counted in parts, because the expansion of a window has a limit. */
const partMs = 9_000 * day;

/** Returns how many sessions the rule gives until an instant. A rule with COUNT gives 1,000 at most. */
const countBefore = (definition: SessionBlockDefinition, rule: string, end: number): number => {
  const plan = { definition: { ...definition, recurrence: { rule } }, exceptions: [], isCancelled: false };
  const starts = new Set<string>();
  const first = instantOfClock(definition.zone, clockMsOf(definition.start) ?? 0);
  for (let from = first; from <= end && starts.size < 1_000; from += partMs) {
    const sessions = sessionsIn(plan, { start: from, end: Math.min(from + partMs, end + 1) });
    for (const { at } of sessions) starts.add(at);
  }
  return starts.size;
};
