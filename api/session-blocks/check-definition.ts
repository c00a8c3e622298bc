/** Checks what the schemas of session blocks cannot: that all times exist, and that the rule gives the first session. */
import { furthestAhead } from '../../domain/audition/slot-limits.ts';
import { Refusal } from '../../domain/errors.ts';
import { clockMsOf } from '../../domain/session-blocks/clock-times.ts';
import {
  invalidRecurrence,
  readRuleParts,
  ruleOf,
  untilOf,
} from '../../domain/session-blocks/recurrence-rule.ts';
import type { SessionBlockDefinition, SessionChange } from '../../domain/session-blocks/session-block.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { checkZone, parseLocalTime } from '../../domain/time/local-time.ts';
import { day, minute } from '../../domain/time/units.ts';
import {
  instantOfClock,
  isStartOfRule,
  sessionsIn,
  UnexpandableBlock,
} from '../../providers/icalendar/session-occurrences.ts';

/** A block that began earlier is a mistake in the year. */
const earliestAgo = 5 * 366 * day;

/**
 * Returns the definition with its rule in one spelling.
 * @param pointer JSON pointer of the definition in the request
 * @throws {Refusal} with the JSON pointers of the refused parts
 */
export const checkDefinition = (
  definition: SessionBlockDefinition,
  now: Instant,
  pointer = '',
): SessionBlockDefinition => {
  const { zone, start, end, slotMinutes, recurrence } = definition;
  checkZone(zone, [`${pointer}/zone`]);
  const length = checkTimes({ start, end }, zone, now, pointer);
  if (slotMinutes * minute > length) {
    throw new Refusal(
      'invalid_body',
      `A slot of ${slotMinutes} minutes does not fit into a session of ${length / minute} minutes.`,
      'Use shorter slots or longer sessions.',
      [`${pointer}/slotMinutes`],
    );
  }
  recurrence?.added?.forEach((time, index) => {
    checkClockTime(time, zone, `${pointer}/recurrence/added/${index}`);
  });
  recurrence?.excluded?.forEach((time, index) => {
    if (clockMsOf(time) === undefined) throw noSuchTime(time, `${pointer}/recurrence/excluded/${index}`);
  });
  const rulePointers = [`${pointer}/recurrence/rule`];
  const checked = recurrence && {
    ...recurrence,
    ...(recurrence.rule === undefined ? {} : { rule: checkRule(recurrence.rule, definition, rulePointers) }),
  };
  const normalized = { ...definition, ...(checked && { recurrence: checked }) };
  checkExpansion(normalized, rulePointers);
  return normalized;
};

/** Checks what is different about one session. @throws {Refusal} */
export const checkChange = (change: SessionChange, zone: string, now: Instant): void => {
  if ('start' in change) checkTimes(change, zone, now, '');
};

/** Returns the length of the session in milliseconds of the clock. */
const checkTimes = (
  { start, end }: { readonly start: string; readonly end: string },
  zone: string,
  now: Instant,
  pointer: string,
): number => {
  const startMs = checkClockTime(start, zone, `${pointer}/start`);
  const endMs = clockMsOf(end);
  if (endMs === undefined) throw noSuchTime(end, `${pointer}/end`);
  const both = [`${pointer}/start`, `${pointer}/end`];
  if (endMs <= startMs) {
    throw new Refusal('slot_ends_before_start', 'The end is not after the start.', 'Check both times.', both);
  }
  if (endMs - startMs > day) {
    throw new Refusal(
      'slot_too_long',
      'A session is longer than 24 hours.',
      'Define a session for each day, and let it recur.',
      both,
    );
  }
  const ahead = instantOfClock(zone, startMs) - toEpochMs(now);
  if (ahead > furthestAhead) {
    throw new Refusal(
      'slot_too_far_ahead',
      'The session is more than two years ahead.',
      'Check the year.',
      both.slice(0, 1),
    );
  }
  if (ahead < -earliestAgo) {
    throw new Refusal(
      'invalid_body',
      'The session is years in the past.',
      'Check the year.',
      both.slice(0, 1),
    );
  }
  return endMs - startMs;
};

/** Returns the time in milliseconds of the clock. Of a time that the clock shows twice, the first counts. */
const checkClockTime = (text: string, zone: string, pointer: string): number => {
  const clockMs = clockMsOf(text);
  if (clockMs === undefined) throw noSuchTime(text, pointer);
  try {
    parseLocalTime(text, zone, [pointer]);
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'local_time_ambiguous')) throw error;
  }
  return clockMs;
};

const noSuchTime = (text: string, pointer: string): Refusal =>
  new Refusal(
    'invalid_body',
    `"${text}" is not a time that exists.`,
    'Check day, month and hour, and write it as 2026-12-01T10:00.',
    [pointer],
  );

const checkRule = (
  rule: string,
  { start, zone }: SessionBlockDefinition,
  pointers: readonly string[],
): string => {
  const parts = readRuleParts(rule, pointers);
  const text = ruleOf(parts);
  const startMs = clockMsOf(start) ?? 0;
  const until = parts.get('UNTIL');
  if (until !== undefined) {
    const last = untilOf(until) ?? 0;
    const begins = until.endsWith('Z') ? instantOfClock(zone, startMs) : startMs;
    if (last < begins) {
      throw invalidRecurrence('The rule ends before the first session.', 'Check UNTIL and start.', pointers);
    }
  }
  if (!isStartOfRule(text, startMs)) {
    throw invalidRecurrence(
      `The rule gives no session at the start of the first one, ${start}.`,
      'Let the first session begin on a day of the rule, or change BYDAY, BYMONTHDAY or BYMONTH.',
      pointers,
    );
  }
  return text;
};

const checkExpansion = (definition: SessionBlockDefinition, pointers: readonly string[]): void => {
  const start = instantOfClock(definition.zone, clockMsOf(definition.start) ?? 0);
  try {
    sessionsIn({ definition, exceptions: [], isCancelled: false }, { start, end: start + 366 * day });
  } catch (error) {
    if (!(error instanceof UnexpandableBlock)) throw error;
    throw invalidRecurrence(
      'The sessions of the rule cannot be listed.',
      'Use a simpler rule, such as FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218.',
      pointers,
    );
  }
};
