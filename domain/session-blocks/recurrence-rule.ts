/** Checks the subset of recurrence rules (RFC 5545, section 3.3.10) that session blocks can use. */
import { Refusal } from '../errors.ts';
import { clockMsOf } from './clock-times.ts';

/**
 * A rule gives at most one session a day. Rules by the hour or shorter, and with BYHOUR, would give more; BYWEEKNO and
 * BYYEARDAY are not used for working days.
 */
const partPatterns: Readonly<Record<string, RegExp>> = {
  FREQ: /^(DAILY|WEEKLY|MONTHLY|YEARLY)$/,
  INTERVAL: /^[1-9]\d{0,2}$/,
  COUNT: /^(1000|[1-9]\d{0,2})$/,
  UNTIL: /^\d{8}(T\d{6}Z)?$/,
  BYDAY: listOf(/([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)/),
  BYMONTHDAY: listOf(/-?([1-9]|[12]\d|3[01])/),
  BYMONTH: listOf(/([1-9]|1[0-2])/),
  BYSETPOS: listOf(/-?([1-9]|[1-9]\d)/),
  WKST: /^(MO|TU|WE|TH|FR|SA|SU)$/,
};

/** Matches a list, with commas, of at most 60 values. */
function listOf(value: RegExp): RegExp {
  return new RegExp(`^${value.source}(,${value.source}){0,59}$`);
}

/** Returns the refusal of a recurrence. */
export const invalidRecurrence = (
  message: string,
  whatToDo: string,
  pointers: readonly string[] = [],
): Refusal => new Refusal('invalid_recurrence', message, whatToDo, pointers);

/** Returns the parts of a rule by their names. @throws Refusal `invalid_recurrence` */
export const readRuleParts = (
  rule: string,
  pointers: readonly string[] = [],
): ReadonlyMap<string, string> => {
  const refuse = (message: string, whatToDo: string) => invalidRecurrence(message, whatToDo, pointers);
  const parts = new Map<string, string>();
  for (const part of rule
    .trim()
    .replace(/^RRULE:/i, '')
    .toUpperCase()
    .split(';')) {
    if (part === '') continue;
    const [, name = part, value = ''] = /^([^=]*)=(.*)$/.exec(part) ?? [];
    const pattern = Object.hasOwn(partPatterns, name) ? partPatterns[name] : undefined;
    if (!pattern) {
      throw refuse(
        `The rule has the part "${name}", which session blocks do not use.`,
        `Use only ${Object.keys(partPatterns).join(', ')}.`,
      );
    }
    if (!pattern.test(value) || parts.has(name) || (name === 'UNTIL' && untilOf(value) === undefined)) {
      throw refuse(
        parts.has(name)
          ? `The rule has ${name} twice.`
          : `"${value}" is not a value of ${name} that can be used.`,
        hints[name] ?? 'Write the rule as FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218.',
      );
    }
    parts.set(name, value);
  }
  checkTogether(parts, refuse);
  return parts;
};

const hints: Readonly<Record<string, string>> = {
  FREQ: 'Use DAILY, WEEKLY, MONTHLY or YEARLY.',
  INTERVAL: 'Use 1 to 999.',
  COUNT: 'Use 1 to 1000, or UNTIL.',
  UNTIL: 'Write the last day as 20261218, or the last moment in UTC as 20261218T120000Z.',
};

const checkTogether = (
  parts: ReadonlyMap<string, string>,
  refuse: (message: string, whatToDo: string) => Refusal,
): void => {
  const frequency = parts.get('FREQ');
  if (frequency === undefined) {
    throw refuse('The rule has no FREQ.', 'Write the rule as FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218.');
  }
  if (parts.has('COUNT') && parts.has('UNTIL')) {
    throw refuse('The rule has both COUNT and UNTIL.', 'Keep one of them (RFC 5545, section 3.3.10).');
  }
  if (/\d/.test(parts.get('BYDAY') ?? '') && !['MONTHLY', 'YEARLY'].includes(frequency)) {
    throw refuse(
      `BYDAY has a number, and FREQ is ${frequency}.`,
      'Use numbers such as 1TU (the first Tuesday) with MONTHLY and YEARLY only.',
    );
  }
};

/** Returns the last moment as digits of a clock, in milliseconds; undefined when there is no such date. */
export const untilOf = (value: string): number | undefined => {
  const [, year, month, day, hour = '23', minute = '59'] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)[0-5]\dZ)?$/.exec(value) ?? [];
  return clockMsOf(`${year}-${month}-${day}T${hour}:${minute}`);
};

/** Returns the text of a rule. */
export const ruleOf = (parts: ReadonlyMap<string, string>): string =>
  [...parts].map(([name, value]) => `${name}=${value}`).join(';');

/** Returns the rule with another last moment. @param until epoch milliseconds */
export const endingAt = (rule: string, until: number): string => {
  const parts = new Map(readRuleParts(rule));
  parts.delete('COUNT');
  // RFC 5545, section 3.3.10: with a time in a zone, UNTIL is in UTC.
  parts.set('UNTIL', new Date(until).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').concat('Z'));
  return ruleOf(parts);
};
