/**
 * Expands the rules that nearly all series have, by arithmetic: daily, weekly, monthly and yearly ones without parts that
 * multiply or pick occurrences. A library needs about a hundred times as long. Every other rule is left to it, and the
 * tests compare both.
 */
import { day } from '../../domain/time/units.ts';

const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const week = 7 * day;
/** 1970-01-05, in milliseconds read as UTC. */
const aMonday = 4 * day;

/** BYDAY of a monthly rule: the second Tuesday, the last Friday; without a number, each one. */
interface MonthDay {
  readonly weekday: number;
  readonly ordinal: number | undefined;
}

interface SimpleRule {
  readonly frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  readonly interval: number;
  readonly count: number;
  /** Days after the beginning of the week. Empty: the weekday of the start. */
  readonly weekOffsets: readonly number[];
  readonly monthDays: readonly MonthDay[];
  readonly monthDates: readonly number[];
  readonly weekStart: number;
}

/** The library stops after so many periods, and the window is then blocked as a whole. */
const maxPeriods = 10_000;
const maxKnownRules = 2_000;
const knownRules = new Map<string, SimpleRule | undefined>();

/** Returns the rule; undefined when it is not simple. The same few rules come again and again. */
const ruleOf = (text: string): SimpleRule | undefined => {
  if (knownRules.has(text)) return knownRules.get(text);
  const rule = readSimpleRule(text);
  if (knownRules.size >= maxKnownRules) knownRules.clear();
  knownRules.set(text, rule);
  return rule;
};

const readSimpleRule = (text: string): SimpleRule | undefined => {
  const pairs = text.split(';').map((part) => part.split('='));
  const parts = new Map(pairs.map(([name = '', value = '']) => [name, value]));
  if (parts.size !== pairs.length) return undefined;
  const frequency = parts.get('FREQ') ?? '';
  const byDay = parts.get('BYDAY')?.split(',') ?? [];
  const byDate = parts.get('BYMONTHDAY')?.split(',') ?? [];
  const [interval, count] = [parts.get('INTERVAL') ?? '1', parts.get('COUNT') ?? '1'];
  const weekStart = weekdays.indexOf(parts.get('WKST') ?? 'MO');
  if (!isNumber(interval) || !isNumber(count) || weekStart < 0) return undefined;
  const rule = {
    interval: Number(interval),
    count: parts.has('COUNT') ? Number(count) : Infinity,
    weekStart,
    weekOffsets: [],
    monthDays: [],
    monthDates: [],
  };
  const allows = (...names: readonly string[]) =>
    [...parts.keys()].every((name) => ['FREQ', 'INTERVAL', 'COUNT', 'WKST', ...names].includes(name));
  const weekly = (): SimpleRule | undefined => {
    const days = byDay.map((name) => weekdays.indexOf(name));
    const weekOffsets = [...new Set(days.map((weekday) => modulo(weekday - weekStart, 7)))].sort(
      (one, other) => one - other,
    );
    return allows('BYDAY') && !days.includes(-1) ? { ...rule, frequency: 'WEEKLY', weekOffsets } : undefined;
  };
  switch (frequency) {
    case 'DAILY':
      if (allows()) return { ...rule, frequency };
      // On each of these days of each week.
      return interval === '1' && byDay.length > 0 ? weekly() : undefined;
    case 'WEEKLY':
      return weekly();
    case 'MONTHLY': {
      const monthDays = byDay.flatMap((name) => monthDayOf(name) ?? []);
      const dates = byDate.map(Number);
      const isReadable =
        monthDays.length === byDay.length && byDate.every((date) => /^-?([1-9]|[12]\d|3[01])$/.test(date));
      const isEither = byDay.length === 0 || byDate.length === 0;
      return allows('BYDAY', 'BYMONTHDAY') && isReadable && isEither
        ? { ...rule, frequency, monthDays, monthDates: dates }
        : undefined;
    }
    case 'YEARLY':
      return allows() ? { ...rule, frequency } : undefined;
    default:
      return undefined;
  }
};

const isNumber = (text: string): boolean => /^[1-9]\d{0,8}$/.test(text);

const monthDayOf = (text: string): MonthDay | undefined => {
  const [, ordinal, name = ''] = /^(-?[1-5])?([A-Z]{2})$/.exec(text) ?? [];
  const weekday = weekdays.indexOf(name);
  return weekday < 0 ? undefined : { weekday, ordinal: ordinal === undefined ? undefined : Number(ordinal) };
};

/**
 * Returns the starts of the rule within [from, until], in order, as local times in milliseconds read as UTC. The start of
 * the series is always one, and is counted. Undefined: the rule is not simple, or has too many periods in the window.
 */
export const expandSimpleRule = (
  text: string,
  start: number,
  from: number,
  until: number,
): readonly number[] | undefined => {
  const rule = ruleOf(text);
  if (!rule || (until - from) / day > maxPeriods) return undefined;
  const starts: number[] = [];
  /** The start of the series is the first occurrence, whether the rule generates it or not. */
  let left = rule.count - 1;
  if (start >= from && start <= until) starts.push(start);
  const occurrences: Occurrences = {
    take: (at) => {
      if (at <= start) return true;
      left -= 1;
      if (left < 0 || at > until) return false;
      if (at >= from) starts.push(at);
      return true;
    },
    skip: (count) => {
      left -= count;
    },
  };
  expand[rule.frequency](rule, start, Math.max(start, from), until, occurrences);
  return starts;
};

interface Occurrences {
  /** Takes an occurrence. Returns whether there can be more. */
  readonly take: (at: number) => boolean;
  /** Counts occurrences after the start and before the window. */
  readonly skip: (count: number) => void;
}

type Expand = (
  rule: SimpleRule,
  start: number,
  /** No earlier occurrence is of interest. Those of a rule with a count are counted. */
  first: number,
  until: number,
  occurrences: Occurrences,
) => void;

const daily: Expand = ({ interval }, start, first, until, { take, skip }) => {
  const step = interval * day;
  const skipped = Math.ceil((first - start) / step);
  skip(Math.max(0, skipped - 1));
  for (let at = start + skipped * step; at <= until; at += step) {
    if (!take(at)) return;
  }
};

const weekly: Expand = ({ interval, weekOffsets, weekStart }, start, first, until, { take, skip }) => {
  const clock = modulo(start, day);
  const own = modulo(weekdayOf(start) - weekStart, 7);
  const offsets = weekOffsets.length > 0 ? weekOffsets : [own];
  const step = interval * week;
  const beginning = start - clock - own * day;
  const skipped = Math.max(0, Math.floor((first - beginning) / step));
  if (skipped > 0) skip(offsets.filter((offset) => offset > own).length + (skipped - 1) * offsets.length);
  for (let at = beginning + skipped * step; at <= until; at += step) {
    for (const offset of offsets) if (!take(at + offset * day + clock)) return;
  }
};

const monthly: Expand = ({ interval, count, monthDays, monthDates }, start, first, until, { take }) => {
  const begun = new Date(start);
  const clock = modulo(start, day);
  const beginning = begun.getUTCFullYear() * 12 + begun.getUTCMonth();
  // Months differ, so that occurrences that are counted are found from the beginning on. So are years.
  const ahead = new Date(count === Infinity ? first : start);
  const wanted = ahead.getUTCFullYear() * 12 + ahead.getUTCMonth();
  const skipped = Math.max(0, Math.floor((wanted - beginning) / interval));
  for (let month = beginning + skipped * interval; ; month += interval) {
    const begins = beginningOfMonth(month);
    if (begins > until || begins < firstYear || begins > lastYear) return;
    const length = Math.round((beginningOfMonth(month + 1) - begins) / day);
    const dates =
      monthDays.length > 0
        ? monthDays.flatMap((monthDay) => datesOf(monthDay, begins, length))
        : (monthDates.length > 0 ? monthDates : [begun.getUTCDate()]).map((date) =>
            date < 0 ? length + 1 + date : date,
          );
    for (const date of [...new Set(dates)].sort((a, b) => a - b)) {
      if (date >= 1 && date <= length && !take(begins + (date - 1) * day + clock)) return;
    }
  }
};

const yearly: Expand = ({ interval, count }, start, first, until, { take }) => {
  const begun = new Date(start);
  const beginning = begun.getUTCFullYear();
  const ahead = new Date(count === Infinity ? first : start).getUTCFullYear();
  const skipped = Math.max(0, Math.floor((ahead - beginning) / interval));
  for (let year = beginning + skipped * interval; ; year += interval) {
    const at = new Date(start).setUTCFullYear(year);
    if (Number.isNaN(at) || at > until || at > lastYear) return;
    // The 29th of February of another year is a day in March.
    if (new Date(at).getUTCMonth() === begun.getUTCMonth() && !take(at)) return;
  }
};

const expand = { DAILY: daily, WEEKLY: weekly, MONTHLY: monthly, YEARLY: yearly } as const;

const firstYear = Date.UTC(1, 0);
const lastYear = Date.UTC(9999, 11, 31);

/** The remainder, never negative. */
const modulo = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor;

const weekdayOf = (at: number): number => modulo(Math.floor((at - aMonday) / day), 7);

/** Years below 100 are not those of the last century. */
const beginningOfMonth = (month: number): number =>
  new Date(Date.UTC(2000, modulo(month, 12))).setUTCFullYear(Math.floor(month / 12));

const datesOf = ({ weekday, ordinal }: MonthDay, begins: number, length: number): readonly number[] => {
  const firstDate = 1 + modulo(weekday - weekdayOf(begins), 7);
  const dates: number[] = [];
  for (let date = firstDate; date <= length; date += 7) dates.push(date);
  if (ordinal === undefined) return dates;
  const date = dates.at(ordinal > 0 ? ordinal - 1 : ordinal);
  return date === undefined ? [] : [date];
};
