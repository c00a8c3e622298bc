/** Tells which edit of a person a write of ours replaces. */
import { toInstant } from '../domain/time/epoch.ts';
import type { CalendarEvent, OverwrittenEdit } from './ports.ts';

/** What the calendar had before the write. A time is undefined when the event lasts all day, or cannot be read. */
export type FormerEvent =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly start: number | undefined; readonly end: number | undefined };

/** Calendars store whole seconds (RFC 5545, 3.3.5), and vendors cut off or round the rest. */
const secondMs = 1_000;

/**
 * Returns the edit that the write of the event has replaced: the event was deleted, or was at another time than this service
 * knows. Undefined when there was none, or when it is unknown what the calendar had.
 * @param former times in epoch milliseconds; undefined when the write has changed nothing
 */
export const overwrittenEdit = (
  { known, slot }: Pick<CalendarEvent, 'known' | 'slot'>,
  former: FormerEvent | undefined,
): OverwrittenEdit | undefined => {
  if (!known || !former) return undefined;
  if (former.kind === 'absent') return known.isPresent ? { kind: 'deleted' } : undefined;
  const { start, end } = former;
  if (start === undefined || end === undefined) return { kind: 'moved' };
  const isKnown = [slot, ...known.times].some(
    (time) =>
      Math.abs(Date.parse(time.start) - start) < secondMs && Math.abs(Date.parse(time.end) - end) < secondMs,
  );
  return isKnown ? undefined : { kind: 'moved', start: toInstant(start), end: toInstant(end) };
};
