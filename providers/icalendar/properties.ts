/** Reads the properties of a component with `ical.js`, each on its own: one that cannot be read does not hide the others. */
import ICAL from 'ical.js';
import { day, hour, minute, second } from '../../domain/time/units.ts';
import { type Component, linesNamed, nameOf } from './content-lines.ts';
import { parameterOf, rawValueOf } from './parameters.ts';

/** A date or a time as a calendar writes it. */
export interface CalendarTime {
  readonly form: 'date' | 'floating' | 'utc' | 'zoned';
  /** The digits as written, as milliseconds since 1970 read as UTC. */
  readonly localMs: number;
  /** The zone of a `zoned` time. */
  readonly tzid: string | undefined;
}

/** A length of time. `days` follow the clock of the zone, `ms` do not (RFC 5545, section 3.3.6). */
export interface CalendarDuration {
  readonly days: number;
  readonly ms: number;
}

/** A period of an RDATE (RFC 5545, section 3.3.9). */
export interface CalendarPeriod {
  readonly start: CalendarTime;
  readonly end: CalendarTime | CalendarDuration;
}

/** Returns the value of a line; undefined when it cannot be parsed. `ical.js` parses it only when it is read. */
const valueOf = (line: string): unknown => {
  try {
    return ICAL.Property.fromString(line).getFirstValue();
  } catch {
    return undefined;
  }
};

/** No parameter changes a text but VALUE: `ical.js` does not find the text after parameters that are not well-formed. */
const withoutParameters = (line: string): string => {
  const type = parameterOf(line, 'VALUE');
  return `${nameOf(line)}${type === undefined ? '' : `;VALUE=${type}`}:${rawValueOf(line)}`;
};

/** Returns the unescaped text of a property. */
export const textOf = (component: Component, name: string): string | undefined => {
  const [line] = linesNamed(component, name);
  const value: unknown = line === undefined ? undefined : valueOf(withoutParameters(line));
  return typeof value === 'string' ? value : undefined;
};

/** The values of a line of dates or periods, and the number of values that cannot be read. */
interface ReadTimes {
  readonly times: readonly CalendarTime[];
  readonly periods: readonly CalendarPeriod[];
  readonly unreadable: number;
}

/** Reads the values of a DTSTART, RDATE, EXDATE or another property of times. */
export const readTimes = (line: string): ReadTimes => {
  const [read] = eachTimes(line, Infinity);
  return read ?? { times: [], periods: [], unreadable: 0 };
};

/** Like `readTimes`, in steps of at most so many values. */
export function* eachTimes(line: string, mostPerStep: number): Generator<ReadTimes> {
  const tzid = parameterOf(line, 'TZID');
  const text = rawValueOf(line);
  for (let from = 0; from <= text.length; ) {
    const read: (CalendarTime | CalendarPeriod | undefined)[] = [];
    while (read.length < mostPerStep && from <= text.length) {
      const comma = text.indexOf(',', from);
      const end = comma < 0 ? text.length : comma;
      const value = text.slice(from, end).trim();
      read.push(value.includes('/') ? readPeriod(value, tzid) : readTime(value, tzid));
      from = end + 1;
    }
    yield {
      times: read.flatMap((value) => (value && 'form' in value ? [value] : [])),
      periods: read.flatMap((value) => (value && 'start' in value ? [value] : [])),
      unreadable: read.filter((value) => value === undefined).length,
    };
  }
}

/** A date, or a date with a time. Section 3.3.5 permits no separators and no time without seconds; programs write both. */
const written = /^(\d{4})(-?)(\d\d)\2(\d\d)(?:T(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.\d{1,9})?)?)?(Z?))?$/i;

/** Many programs write a date without VALUE=DATE: the digits decide. */
const readTime = (value: string, tzid: string | undefined): CalendarTime | undefined => {
  const match = written.exec(value);
  if (!match) return undefined;
  const [, year = '', , month = '', date = '', hours, minutes = '0', seconds = '0', mark = ''] = match;
  const days = new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(date));
  // February 30 does not exist.
  if (new Date(days).getUTCMonth() !== Number(month) - 1 || new Date(days).getUTCDate() !== Number(date)) {
    return undefined;
  }
  if (hours === undefined) return { form: 'date', localMs: days, tzid: undefined };
  const ms = Number(hours) * hour + Number(minutes) * minute + Number(seconds) * second;
  // 24 o'clock is the next midnight (ISO 8601), and second 60 is a leap second (section 3.3.12).
  if (ms > day || Number(minutes) > 59 || Number(seconds) > 60) return undefined;
  const localMs = days + ms;
  if (mark !== '') return { form: 'utc', localMs, tzid: undefined };
  return tzid === undefined ? { form: 'floating', localMs, tzid } : { form: 'zoned', localMs, tzid };
};

const readPeriod = (value: string, tzid: string | undefined): CalendarPeriod | undefined => {
  const [from = '', until = ''] = value.split('/');
  const start = readTime(from, tzid);
  const end = until.startsWith('P') ? readDuration(until) : readTime(until, tzid);
  return start && end && { start, end };
};

/** Returns the length of a DURATION value. A negative one is returned as it is. */
export const readDuration = (value: string): CalendarDuration | undefined => {
  const parsed: unknown = valueOf(`DURATION:${value.trim()}`);
  if (!(parsed instanceof ICAL.Duration)) return undefined;
  const { weeks, days, hours, minutes, seconds, isNegative } = parsed;
  const sign = isNegative ? -1 : 1;
  return {
    days: sign * (weeks * 7 + days),
    ms: sign * ((hours * 60 + minutes) * minute + seconds * second),
  };
};

/** Returns the milliseconds of an offset such as `+0130`. Programs also write `+01:30`. */
export const readOffset = (value: string | undefined): number | undefined => {
  const [, sign, hours, minutes, seconds = '0'] =
    /^([+-])(\d\d):?(\d\d)(?::?(\d\d))?$/.exec(value?.trim() ?? '') ?? [];
  if (sign === undefined) return undefined;
  const ms = (Number(hours) * 60 + Number(minutes)) * minute + Number(seconds) * second;
  return sign === '-' ? -ms : ms;
};
