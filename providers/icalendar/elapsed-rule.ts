/**
 * Expands rules that repeat after hours, minutes or seconds, by arithmetic. They follow elapsed time and not the clock:
 * otherwise, an hourly series would leave the hour free that the clock shows for the second time.
 */
import { hour, minute, second } from '../../domain/time/units.ts';
import { maxStarts } from './work-limit.ts';
import { localTimeOf, type Zone } from './zones/zone.ts';

const steps: ReadonlyMap<string, number> = new Map([
  ['HOURLY', hour],
  ['MINUTELY', minute],
  ['SECONDLY', second],
]);
const weekdays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

export interface ElapsedRule {
  readonly stepMs: number;
  readonly count: number;
  /** Returns whether an occurrence can be on the local day. Undefined: on each day. */
  readonly isOn: ((localMs: number) => boolean) | undefined;
}

/**
 * Returns the rule; undefined when it repeats after days, or picks times of a day (BYHOUR and shorter, BYSETPOS). Those
 * times are times of the clock.
 */
export const readElapsedRule = (text: string): ElapsedRule | undefined => {
  const pairs = text.split(';').map((part) => part.split('='));
  const parts = new Map(pairs.map(([name = '', value = '']) => [name, value]));
  const step = steps.get(parts.get('FREQ') ?? '');
  const [interval, count] = [parts.get('INTERVAL') ?? '1', parts.get('COUNT')];
  if (step === undefined || parts.size !== pairs.length || !isNumber(interval)) return undefined;
  if (count !== undefined && !isNumber(count)) return undefined;
  const {
    FREQ: _frequency,
    INTERVAL: _interval,
    COUNT: _count,
    WKST: _weekStart,
    ...days
  } = Object.fromEntries(parts);
  const filters = Object.entries(days).map(([name, value]) => filterOf(name, value.split(',')));
  if (filters.includes(undefined)) return undefined;
  return {
    stepMs: step * Number(interval),
    count: count === undefined ? Infinity : Number(count),
    isOn:
      filters.length === 0
        ? undefined
        : (localMs) => {
            const date = new Date(localMs);
            return filters.every((filter) => filter?.(date));
          },
  };
};

const isNumber = (value: string): boolean => /^[1-9]\d{0,8}$/.test(value);

type DayFilter = (date: Date) => boolean;

/** Returns the filter of a part such as `BYDAY=MO,TU`; undefined for one that picks no days, or cannot be read. */
const filterOf = (name: string, values: readonly string[]): DayFilter | undefined => {
  const numbers = new Set(values.map(Number));
  switch (name) {
    case 'BYDAY': {
      const days = new Set(values.map((value) => weekdays.indexOf(value)));
      return days.has(-1) ? undefined : (date) => days.has(date.getUTCDay());
    }
    case 'BYMONTH':
      return values.every((value) => /^([1-9]|1[0-2])$/.test(value))
        ? (date) => numbers.has(date.getUTCMonth() + 1)
        : undefined;
    case 'BYMONTHDAY':
      return values.every((value) => /^[+-]?([1-9]|[12]\d|3[01])$/.test(value))
        ? (date) => {
            const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
            return numbers.has(date.getUTCDate()) || numbers.has(date.getUTCDate() - length - 1);
          }
        : undefined;
    default:
      return undefined;
  }
};

/** The most times that are compared with the days of a rule. They need about 20 ms. */
const maxCandidates = 100_000;

/**
 * Returns the instants within [from, until] at which the rule starts. The start of the series is always one, and is
 * counted (RFC 5545, section 3.8.5.3).
 *
 * @param start the instant of DTSTART, in epoch milliseconds, as all times here
 */
export const expandElapsedRule = (
  { stepMs, count, isOn }: ElapsedRule,
  zone: Zone,
  start: number,
  from: number,
  until: number,
): readonly number[] | 'too_many' => {
  const first = Math.max(0, Math.ceil((from - start) / stepMs));
  const last = Math.floor((until - start) / stepMs);
  if (!isOn) {
    const end = Math.min(last, count - 1);
    if (end - first >= maxStarts) return 'too_many';
    return Array.from({ length: Math.max(0, end - first + 1) }, (_, at) => start + (first + at) * stepMs);
  }
  // Occurrences that are counted must be found from the beginning on.
  const begins = count === Infinity ? Math.max(1, first) : 1;
  const found: number[] = start >= from && start <= until ? [start] : [];
  let left = count - 1;
  for (let at = begins; at <= last && left > 0; at += 1) {
    if (at - begins > maxCandidates) return 'too_many';
    const instant = start + at * stepMs;
    if (!isOn(localTimeOf(zone, instant))) continue;
    left -= 1;
    if (at >= first) found.push(instant);
    if (found.length > maxStarts) return 'too_many';
  }
  return found;
};
