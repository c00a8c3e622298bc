/** Compares an event of ours in a calendar with what this service has written. */
import type { OwnEvent } from '../../db/calendars/synced-events.ts';
import type { CalendarChangeOf } from '../../domain/audition/calendar-change.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { minute } from '../../domain/time/units.ts';

/** How far the clocks of a worker and of the database differ, at most, in milliseconds. */
const clockDifferenceMs = 1 * minute;

/**
 * Returns how the event differs from what was written. Our own write reaches the calendar before it is recorded: an event
 * with a later revision than the recorded one is being written. One with an earlier revision was read before the write,
 * unless it was read long after it: then the write was lost. A lost write is repeated once. After that, what the calendar
 * has counts as a person's change. One revision can be written more than once, as when a moved event is moved back: a time that
 * was read before the last write is the one that it has replaced, and the next page shows the event again.
 */
export const compareWithWritten = (event: OwnEvent): CalendarChangeOf | 'in_progress' => {
  const { isRemoved, isAllDay, start, end, markedRevision, writtenRevision } = event;
  const isRepaired = event.repairedRevision === writtenRevision;
  if (isRemoved) return isRepaired || wasSeen(event) ? { kind: 'deleted' } : { kind: 'lost' };
  if (markedRevision !== undefined && markedRevision !== writtenRevision) {
    const isStale = markedRevision < writtenRevision && wasReadAfterWrite(event, clockDifferenceMs);
    if (!isStale) return 'in_progress';
    if (!isRepaired) return { kind: 'lost' };
  }
  const isAsWritten =
    !isAllDay && isSameSecond(start, event.writtenStart) && isSameSecond(end, event.writtenEnd);
  if (isAsWritten) return { kind: 'put_back' };
  return wasReadBeforeWrite(event) ? 'in_progress' : { kind: 'moved', isAllDay, start, end };
};

/**
 * Whether the calendar has had the event as it was written. A person can only delete what is there; another absence is a
 * lost write. Another program can have removed our mark, so the time of the reading counts as well.
 */
const wasSeen = (event: OwnEvent): boolean =>
  (event.seenRevision ?? -1) >= event.writtenRevision || wasReadAfterWrite(event, 0);

const wasReadBeforeWrite = ({ readAt, writeStartedAt }: OwnEvent): boolean =>
  readAt !== undefined && writeStartedAt !== undefined && toEpochMs(readAt) < toEpochMs(writeStartedAt);

const wasReadAfterWrite = ({ readAt, writtenAt }: OwnEvent, marginMs: number): boolean =>
  readAt !== undefined && writtenAt !== undefined && toEpochMs(readAt) > toEpochMs(writtenAt) + marginMs;

/** Calendars store whole seconds (RFC 5545, 3.3.5), and vendors cut off or round the rest. */
const isSameSecond = (one: Instant, other: Instant): boolean =>
  Math.abs(toEpochMs(one) - toEpochMs(other)) < 1_000;
