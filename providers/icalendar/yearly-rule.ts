/**
 * Expands yearly rules that pick days of the year by several parts, or by number. `rrule-temporal` unites BYYEARDAY,
 * BYMONTHDAY and a numbered BYDAY, and continues the 53rd weekday of a year in the next one. RFC 5545, section 3.3.10,
 * notes 1 and 2: each of these parts limits the others. A week that two years share counts in each year with the days that lie
 * in it, as in `python-dateutil`; `rrule-temporal` leaves some of its days out.
 */
import { day, hour, minute, second } from '../../domain/time/units.ts';

const weekdays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

interface YearlyRule {
  readonly interval: number;
  readonly count: number;
  readonly months: readonly number[];
  readonly weeks: readonly number[];
  /** WKST, from 0 for Sunday on. */
  readonly weekStart: number;
  readonly yearDays: readonly number[];
  readonly monthDays: readonly number[];
  readonly weekDays: readonly { readonly weekday: number; readonly ordinal: number }[];
  /** The times of a day, in milliseconds since midnight. Undefined: the time of the start. */
  readonly times: readonly number[] | undefined;
  /** BYSETPOS. Empty: all occurrences. */
  readonly positions: readonly number[];
}

/** The most days, and the most times of days, that are looked at. They need about 50 ms. */
const maxDays = 1_000_000;
const maxCandidates = 20_000;

/**
 * Returns the starts of a yearly rule within [from, until], in order. The start of the series is always one, and is counted.
 * Undefined: the rule is not yearly, has a part that is not read here, or is expanded correctly by the library.
 *
 * @param start the local time of DTSTART, in milliseconds read as UTC, as all times here
 */
export const expandYearlyRule = (
  text: string,
  start: number,
  from: number,
  until: number,
): readonly number[] | 'too_many' | undefined => {
  const rule = readYearlyRule(text, start);
  if (!rule) return undefined;
  const { interval, count, positions } = rule;
  const firstYear = new Date(start).getUTCFullYear();
  // Occurrences that are counted are found from the beginning on.
  const ahead = count === Infinity ? new Date(Math.max(start, from)).getUTCFullYear() - firstYear : 0;
  const times = rule.times ?? [timeOf(start)];
  const starts: number[] = start >= from && start <= until ? [start] : [];
  let left = count - 1;
  let days = 0;
  let candidates = 0;
  for (let year = firstYear + Math.floor(ahead / interval) * interval; left > 0; year += interval) {
    const begins = beginningOf(year);
    if (begins > until || Number.isNaN(begins)) return starts;
    const found = daysOf(rule, year);
    days += 366;
    candidates += found.length * times.length;
    if (days > maxDays || candidates > maxCandidates) return 'too_many';
    const all = found.flatMap((date) => times.map((time) => date + time));
    for (const at of positions.length === 0 ? all : pick(all, positions)) {
      if (at <= start) continue;
      if (at > until || left === 0) return starts;
      left -= 1;
      if (at >= from) starts.push(at);
    }
  }
  return starts;
};

const partPatterns: ReadonlyMap<string, RegExp> = new Map([
  ['FREQ', /^YEARLY$/],
  ['INTERVAL', /^[1-9]\d{0,4}$/],
  ['COUNT', /^[1-9]\d{0,8}$/],
  ['WKST', /^(MO|TU|WE|TH|FR|SA|SU)$/],
  ['BYWEEKNO', /^[+-]?[1-9]\d?(,[+-]?[1-9]\d?)*$/],
  ['BYMONTH', /^([1-9]|1[0-2])(,([1-9]|1[0-2]))*$/],
  ['BYYEARDAY', /^[+-]?[1-9]\d{0,2}(,[+-]?[1-9]\d{0,2})*$/],
  ['BYMONTHDAY', /^[+-]?[1-9]\d?(,[+-]?[1-9]\d?)*$/],
  ['BYDAY', /^([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU))*$/],
  ['BYHOUR', /^\d{1,2}(,\d{1,2})*$/],
  ['BYMINUTE', /^\d{1,2}(,\d{1,2})*$/],
  ['BYSECOND', /^\d{1,2}(,\d{1,2})*$/],
  ['BYSETPOS', /^[+-]?[1-9]\d{0,2}(,[+-]?[1-9]\d{0,2})*$/],
]);

const readYearlyRule = (text: string, start: number): YearlyRule | undefined => {
  const pairs = text.split(';').map((part) => part.split('='));
  const parts = new Map(pairs.map(([name = '', value = '']) => [name, value]));
  const isReadable = [...parts].every(([name, value]) => partPatterns.get(name)?.test(value) === true);
  if (!isReadable || !parts.has('FREQ') || parts.size !== pairs.length) return undefined;
  const byDay = parts.get('BYDAY') ?? '';
  const picking = ['BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY', 'BYDAY'].filter((name) => parts.has(name)).length;
  if (picking < 2 && !/\d/.test(byDay)) return undefined;
  const numbers = (name: string) => parts.get(name)?.split(',').map(Number) ?? [];
  return {
    interval: Number(parts.get('INTERVAL') ?? 1),
    count: parts.has('COUNT') ? Number(parts.get('COUNT')) : Infinity,
    months: numbers('BYMONTH'),
    weeks: numbers('BYWEEKNO'),
    weekStart: weekdays.indexOf(parts.get('WKST') ?? 'MO'),
    yearDays: numbers('BYYEARDAY'),
    monthDays: numbers('BYMONTHDAY'),
    weekDays: byDay
      .split(',')
      .filter((value) => value !== '')
      .map((value) => ({ weekday: weekdays.indexOf(value.slice(-2)), ordinal: Number(value.slice(0, -2)) })),
    times: timesOf(numbers('BYHOUR'), numbers('BYMINUTE'), numbers('BYSECOND'), start),
    positions: numbers('BYSETPOS'),
  };
};

const orOwn = (values: readonly number[], own: number, limit: number): readonly number[] =>
  values.length === 0 ? [own] : values.filter((value) => value < limit);

const timesOf = (
  hours: readonly number[],
  minutes: readonly number[],
  seconds: readonly number[],
  start: number,
): readonly number[] | undefined => {
  if (hours.length + minutes.length + seconds.length === 0) return undefined;
  const date = new Date(start);
  const times = orOwn(hours, date.getUTCHours(), 24).flatMap((hours) =>
    orOwn(minutes, date.getUTCMinutes(), 60).flatMap((minutes) =>
      orOwn(seconds, date.getUTCSeconds(), 60).map(
        (seconds) => hours * hour + minutes * minute + seconds * second,
      ),
    ),
  );
  return [...new Set(times)].sort((one, other) => one - other);
};

/** Returns the days of a year that all parts allow, in order. */
const daysOf = (
  { months, weeks, weekStart, yearDays, monthDays, weekDays }: YearlyRule,
  year: number,
): readonly number[] => {
  const begins = beginningOf(year);
  const length = Math.round((beginningOf(year + 1) - begins) / day);
  const found: number[] = [];
  for (let month = 0; month < 12; month += 1) {
    if (months.length > 0 && !months.includes(month + 1)) continue;
    const first = new Date(begins).setUTCMonth(month);
    const monthLength = new Date(new Date(begins).setUTCMonth(month + 1, 0)).getUTCDate();
    for (let date = 1; date <= monthLength; date += 1) {
      const at = first + (date - 1) * day;
      const ofYear = Math.round((at - begins) / day) + 1;
      const inMonth = { at: date, length: monthLength };
      const inYear = { at: ofYear, length };
      // A number counts within the months when the rule names months, else within the year.
      const counted = months.length > 0 ? inMonth : inYear;
      const weekday = new Date(at).getUTCDay();
      if (
        isAmong(yearDays, inYear) &&
        isAmong(monthDays, inMonth) &&
        (weeks.length === 0 || isAmong(weeks, weekOf(at, weekStart))) &&
        (weekDays.length === 0 ||
          weekDays.some((wanted) => wanted.weekday === weekday && isNumbered(wanted.ordinal, counted)))
      ) {
        found.push(at);
      }
    }
  }
  return found;
};

/** A day of a month or a year, from 1 on. */
interface Position {
  readonly at: number;
  readonly length: number;
}

/**
 * Returns the week of a day. The first week of a year has at least four of its days (RFC 5545, section 3.3.10), so its fourth
 * day decides to which year a week belongs.
 */
const weekOf = (at: number, weekStart: number): Position => {
  const sinceWeekStart = (new Date(at).getUTCDay() - weekStart + 7) % 7;
  const fourthDay = at + (3 - sinceWeekStart) * day;
  const year = new Date(fourthDay).getUTCFullYear();
  const ofYear = (fourthDayOfWeek: number) => Math.floor((fourthDayOfWeek - beginningOf(year)) / day / 7) + 1;
  const lastFourth = fourthDay + Math.floor((beginningOf(year + 1) - day - fourthDay) / (7 * day)) * 7 * day;
  return { at: ofYear(fourthDay), length: ofYear(lastFourth) };
};

/** Returns whether the day is among the values. Negative ones count from the end; none means every day. */
const isAmong = (values: readonly number[], { at, length }: Position): boolean =>
  values.length === 0 || values.includes(at) || values.includes(at - length - 1);

/** Returns whether the day is the weekday with this number. 0: it is any. */
const isNumbered = (ordinal: number, { at, length }: Position): boolean =>
  ordinal === 0 || (ordinal > 0 ? Math.ceil(at / 7) : -Math.ceil((length - at + 1) / 7)) === ordinal;

/** Returns the occurrences of a period at the positions, in order. */
const pick = (all: readonly number[], positions: readonly number[]): readonly number[] =>
  all.filter((_, at) => isAmong(positions, { at: at + 1, length: all.length }));

const timeOf = (start: number): number => start - Math.floor(start / day) * day;

/** Years below 100 are not those of the last century. */
const beginningOf = (year: number): number => new Date(Date.UTC(2000, 0)).setUTCFullYear(year);
