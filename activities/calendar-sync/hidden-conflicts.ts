/**
 * Finds what is left of busy times near a slot without the times of our own events: a busy time does not say what it is.
 */
import type { BusyTimes } from '../../db/calendars/busy-times.ts';
import type { BookedParticipant, NearbyEvent } from '../../db/calendars/participant-conflicts.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { roomUser } from '../../domain/audition/room-booking.ts';
import type { HiddenKind } from '../../domain/calendars/seen-as.ts';
import { withoutOwnTimes } from '../calendar/own-times.ts';
import { reachOf } from './slot-reach.ts';

type HiddenEvent = NearbyEvent & { readonly kind: HiddenKind };

/** Creates the search. */
export const createHiddenConflicts =
  (busyTimes: Pick<BusyTimes, 'listOwn'>) =>
  /** Returns the events, with the parts of busy times that are not ours. */
  async (booked: BookedParticipant, events: readonly NearbyEvent[]): Promise<readonly NearbyEvent[]> => {
    const { auditionId, participant, slot, isInvited } = booked;
    const hidden = Map.groupBy(events.flatMap(hiddenEvent), keyOf);
    const parts = await Promise.all(
      [...hidden.values()].map(async (times) => {
        const [calendar] = times;
        if (!calendar) return [];
        const own = await busyTimes.listOwn({ ...calendar, auditionId, isRoom: participant === roomUser });
        // An invitation by email can be in any calendar of the participant.
        return withoutOwnTimes(times, isInvited ? [...own, slot] : own);
      }),
    );
    const within = reachOf(booked);
    return [
      ...events.filter(({ seenAs }) => seenAs === 'event'),
      ...parts.flat().flatMap((part) => named(part, within)),
    ];
  };

const hiddenEvent = (event: NearbyEvent): readonly HiddenEvent[] =>
  event.seenAs === 'event' ? [] : [{ ...event, kind: event.seenAs }];

const keyOf = ({ connection, calendar }: NearbyEvent): string => `${connection} ${calendar}`;

/**
 * Returns the time with a text that identifies it. Of a merged time, only the part near the slot counts: its ends change with
 * other events. The claim of the slot has seen no more of it either.
 */
const named = (
  { kind, ...event }: HiddenEvent,
  { start: from, end: until }: TimeRange,
): readonly NearbyEvent[] => {
  const start = kind === 'merged' && event.start < from ? from : event.start;
  const end = kind === 'merged' && event.end > until ? until : event.end;
  return start < end ? [{ ...event, start, end, text: `${start}${end}` }] : [];
};
