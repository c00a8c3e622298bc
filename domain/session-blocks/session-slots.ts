/** Cuts casting sessions into slots, and finds those that are free. */
import { mergeBusy, type TimeRange } from '../audition/free-slots.ts';
import { canonicalRoom } from '../audition/rooms.ts';
import type { BusyInterval } from '../audition/slot.ts';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import { minute } from '../time/units.ts';
import type { Session, SessionBlockDefinition } from './session-block.ts';

type SlotLengths = Pick<SessionBlockDefinition, 'slotMinutes' | 'gapMinutes'>;

/** Returns the slots of a session, the earliest first. What remains at its end is no slot. */
export const slotsOfSession = (
  { start, end }: TimeRange,
  { slotMinutes, gapMinutes }: SlotLengths,
): readonly TimeRange[] => {
  const [length, step] = [slotMinutes * minute, (slotMinutes + gapMinutes) * minute];
  const [from, until] = [toEpochMs(start), toEpochMs(end)];
  const count = Math.max(0, Math.floor((until - from - length) / step) + 1);
  return Array.from({ length: count }, (_, index) => ({
    start: toInstant(from + index * step),
    end: toInstant(from + index * step + length),
  }));
};

/** Returns the slots of all sessions, the earliest first. Sessions of a block can overlap, as when one was moved. */
export const slotsOfSessions = (sessions: readonly TimeRange[], lengths: SlotLengths): readonly TimeRange[] =>
  sessions
    .flatMap((session) => slotsOfSession(session, lengths))
    .sort((a, b) => a.start.localeCompare(b.start));

/**
 * Returns the slots that overlap no busy time and begin at `from` or later, and end at `until` or earlier.
 * @param slots the earliest first
 */
export const freeSessionSlots = (
  slots: readonly TimeRange[],
  busy: readonly BusyInterval[],
  { from, until }: { readonly from: TimeRange['start']; readonly until: TimeRange['end'] },
): readonly TimeRange[] => {
  const merged = mergeBusy(busy);
  let next = 0;
  return slots.filter(({ start, end }) => {
    while ((merged[next]?.end ?? end) <= start) next += 1;
    const isBusy = (merged[next]?.start ?? end) < end;
    return !isBusy && start >= from && end <= until;
  });
};

/** Why a slot is not in a session of its block: there is no session at that time, or it is in another room. */
export type Outside = 'no_session' | 'other_room';

/** Returns why the slot is in none of the sessions; undefined when it is in one. */
export const outsideOf = (
  slot: TimeRange & { readonly room?: string | undefined },
  sessions: readonly Session[],
): Outside | undefined => {
  const around = sessions.filter(({ start, end }) => start <= slot.start && slot.end <= end);
  if (around.length === 0) return 'no_session';
  const isInRoom = around.some(
    ({ room }) =>
      room === undefined || (slot.room !== undefined && canonicalRoom(room) === canonicalRoom(slot.room)),
  );
  return isInRoom ? undefined : 'other_room';
};
