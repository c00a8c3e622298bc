/** Finds the free slots of a search: in its places, among the holds of other auditions and the events of calendars. */
import { widen } from '../../domain/audition/conflict-rules.ts';
import { freeSlots, haveSameStarts, type TimeRange } from '../../domain/audition/free-slots.ts';
import type { BusyInterval } from '../../domain/audition/slot.ts';
import { freeSessionSlots } from '../../domain/session-blocks/session-slots.ts';
import type { SlotPlace } from './block-places.ts';
import type { CalendarReadings, Window } from './calendar-reader.ts';
import { type ClaimAttempt, gapIn, precisionOf } from './slot-claimer.ts';

export type FreeSlot = TimeRange & { readonly place: SlotPlace };

interface Search {
  readonly attempt: ClaimAttempt;
  readonly places: readonly SlotPlace[];
  /** In which slots can be. */
  readonly window: Window;
  /** The part of the window that matters (`readingTime`). */
  readonly reading: Window;
  readonly durationMs: number;
  /** Returns the holds of other auditions. */
  readonly listHeld: (attempt: ClaimAttempt, window: Window) => Promise<readonly BusyInterval[]>;
  /** Returns which of the free slots the search is for. */
  readonly choose: (free: readonly FreeSlot[]) => readonly TimeRange[];
}

/** The holds of other auditions, for each place. */
type Holds = readonly (readonly BusyInterval[])[];

type Found = CalendarReadings & {
  readonly free: readonly FreeSlot[];
  /** Returns the slots that would be free without the holds of other auditions. */
  readonly freeWithoutHolds: () => readonly FreeSlot[];
};

/**
 * Returns the free slots, the earliest first, and what was read of the calendars. A free/busy query also counts the events
 * of our other auditions, whose holds tell already when they need the time, and keeps gaps to them. The events are read as
 * well when they can change the choice: when it would be another one if the calendars were empty. When that second reading
 * fails, or has not ended in half the time of the attempt, the free slots of the first one are returned.
 */
export const findFree = async ({
  attempt,
  places,
  window,
  reading,
  durationMs,
  listHeld,
  choose,
}: Search): Promise<Found> => {
  const around = windowAround(places, reading);
  const precision = precisionOf(attempt);
  const [first, held] = await Promise.all([
    attempt.readCalendars(around, precision),
    Promise.all(places.map((place) => listHeld(place.attempt, reading))),
  ]);
  const freeWith = (busy: readonly BusyInterval[], holds: Holds = held) =>
    freeIn(places, busy, holds, window, durationMs);
  const canEventsChange = (holds: Holds) =>
    !haveSameStarts(choose(freeWith(first.busy, holds)), choose(freeWith([], holds)));
  const foundWith = (readings: CalendarReadings): Found => ({
    ...readings,
    free: freeWith(readings.busy),
    freeWithoutHolds: () => freeWith(readings.busy, []),
  });
  const found = foundWith(first);
  if (precision === 'events' || first.failures.length > 0) return found;
  // When nothing is free, `wait` asks what the others hold. Their events are in the calendars, too.
  const isHoldWanted = attempt.rules.policy === 'wait' && choose(found.free).length === 0;
  if (!canEventsChange(held) && !(isHoldWanted && canEventsChange([]))) return found;
  if (attempt.choiceSignal.aborted) return found;
  const second = await attempt.readAgain(around, first);
  return second.failures.length > 0 ? found : foundWith(second);
};

/** Returns the part of the window in which slots can be; undefined when there are none. */
export const readingTime = (places: readonly SlotPlace[], { from, until }: Window): Window | undefined => {
  if (places.some(({ slots }) => slots === undefined)) return { from, until };
  const inWindow = places
    .flatMap(({ slots }) => slots ?? [])
    .filter(({ start, end }) => start >= from && end <= until);
  const [first, ...others] = inWindow;
  if (!first) return undefined;
  return others.reduce<Window>(
    (read, { start, end }) => ({
      from: start < read.from ? start : read.from,
      until: end > read.until ? end : read.until,
    }),
    { from: first.start, until: first.end },
  );
};

/** Returns the window with the widest gap of the places around it. */
const windowAround = (places: readonly SlotPlace[], { from, until }: Window): Window => {
  const widest = Math.max(...places.map(({ attempt: { calendarGap } }) => calendarGap));
  const { start, end } = widen({ start: from, end: until }, widest);
  return { from: start, until: end };
};

/** Returns the free slots of the places. */
const freeIn = (
  places: readonly SlotPlace[],
  busy: readonly BusyInterval[],
  held: Holds,
  window: Window,
  durationMs: number,
): readonly FreeSlot[] =>
  places
    .flatMap((place, index) => {
      const times = [...unavailable(place.attempt, busy), ...(held[index] ?? [])];
      const found = place.slots
        ? freeSessionSlots(place.slots, times, window)
        : freeSlots(times, window, durationMs);
      return found.map((range) => ({ ...range, place }));
    })
    .sort((a, b) => a.start.localeCompare(b.start));

/** Returns the events without those of a room in which the slot is not. */
export const relevant = (
  { isInOtherRoom }: Pick<ClaimAttempt, 'isInOtherRoom'>,
  busy: readonly BusyInterval[],
): readonly BusyInterval[] => (isInOtherRoom ? busy.filter(({ isRoom }) => !isRoom) : busy);

/** Returns the events with the shortest time that a slot must keep to each. */
export const withGap = (attempt: ClaimAttempt, busy: readonly BusyInterval[]): readonly BusyInterval[] => {
  const gapTo = gapIn(attempt);
  return relevant(attempt, busy).map((interval) => widen(interval, gapTo(interval)));
};

/** Returns the times at which no slot can be, apart from the holds of other auditions. */
export const unavailable = (
  attempt: ClaimAttempt,
  busy: readonly BusyInterval[],
): readonly BusyInterval[] => [...withGap(attempt, [...attempt.input.busy, ...busy]), ...attempt.blackouts];
