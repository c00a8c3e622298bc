/**
 * Takes the times of our own events out of busy times of which the vendor tells no ids. Both the claim of a slot and the
 * synchronisation after the booking use it.
 */
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { HiddenKind } from '../../domain/calendars/seen-as.ts';
import type { Instant } from '../../domain/time/instant.ts';

/**
 * Returns what is left of the busy times of one calendar.
 *
 * - `time`: an event at exactly the time of one of ours is ours. Of several at that time, one is.
 * - `merged`: a time that contains all of ours can contain our event, and what is outside of it is left. A time that does not
 *   contain all of ours is that of other events, and is left as it is.
 */
export const withoutOwnTimes = <Time extends TimeRange & { readonly kind: HiddenKind }>(
  times: readonly Time[],
  own: readonly TimeRange[],
): readonly Time[] => {
  const found = new Set<string>();
  return times.flatMap((time) => {
    if (time.kind === 'merged') {
      const contained = own.filter(({ start, end }) => time.start <= start && time.end >= end);
      return contained.reduce<readonly Time[]>(
        (left, taken) => left.flatMap((part) => subtract(part, taken)),
        [time],
      );
    }
    const key = `${time.start} ${time.end}`;
    const isOurs = !found.has(key) && own.some(({ start, end }) => start === time.start && end === time.end);
    if (isOurs) found.add(key);
    return isOurs ? [] : [time];
  });
};

/** Returns the times as far as they are within the window: vendors cut off merged times at its ends. */
export const cutOff = (
  times: readonly TimeRange[],
  { from, until }: { readonly from: Instant; readonly until: Instant },
): readonly TimeRange[] =>
  times
    .map(({ start, end }) => ({ start: start < from ? from : start, end: end > until ? until : end }))
    .filter(({ start, end }) => start < end);

const subtract = <Time extends TimeRange>(time: Time, taken: TimeRange): readonly Time[] => {
  if (taken.end <= time.start || taken.start >= time.end) return [time];
  return [
    ...(taken.start > time.start ? [{ ...time, end: taken.start }] : []),
    ...(taken.end < time.end ? [{ ...time, start: taken.end }] : []),
  ];
};
