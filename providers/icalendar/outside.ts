/** Recognizes events that cannot be in a window by their digits alone. Most events of a feed are in the past. */
import { day } from '../../domain/time/units.ts';
import { type Component, linesNamed } from './content-lines.ts';
import type { Span } from './series.ts';

/** Zones differ by up to 26 hours, and the last day of an event that lasts all day is not counted. */
const margin = 3 * day;

/** An event with one of these properties is a series, or replaces an occurrence of one. */
const seriesProperties = ['RRULE', 'RDATE', 'RECURRENCE-ID'] as const;

/** Returns whether the single event certainly ends before the window, or begins after it. */
export const isOutside = (component: Component, { start, end }: Span): boolean => {
  const begins = dateOf(component, 'DTSTART');
  if (begins === undefined) return false;
  const isAfter = begins - margin > end;
  const ends = dateOf(component, 'DTEND');
  const isBefore = ends !== undefined && Math.max(begins, ends) + margin < start;
  return (isAfter || isBefore) && !seriesProperties.some((name) => linesNamed(component, name).length > 0);
};

/** Returns the date of the property's only value, in milliseconds read as UTC. Undefined for any other form. */
const dateOf = (component: Component, name: string): number | undefined => {
  const lines = linesNamed(component, name);
  const [, year, month, date] = /:(\d{4})(\d\d)(\d\d)(?:T\d{6}Z?)?\s*$/.exec(lines[0] ?? '') ?? [];
  if (lines.length !== 1 || year === undefined) return undefined;
  return Date.UTC(Number(year), Number(month) - 1, Number(date));
};
