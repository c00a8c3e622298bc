/** Chooses and refuses slots for the fake world of workflow tests. */
import { freeSlots, isFree } from '../../domain/audition/free-slots.ts';
import type { BusyInterval, Slot, SlotSpec } from '../../domain/audition/slot.ts';
import { minute } from '../../domain/time/units.ts';

export const refused = (reason: 'taken' | 'busy' | 'nothing_free' | 'in_the_past') =>
  ({ kind: 'refused', reason, message: `The slot is refused: ${reason}.` }) as const;

/** Returns the busy times in the slot, as events of the office's calendar. */
export const blockersIn = (busy: readonly BusyInterval[], slot: Slot) =>
  busy
    .filter((event) => !isFree(slot, [event]))
    .map(({ start, end }) => ({
      kind: 'calendar_event' as const,
      participants: [],
      connection: 'conn_office' as const,
      start,
      end,
    }));

/** Chooses the first free slot, without ranking. */
export const chooseSlot = (
  wish: SlotSpec,
  busy: readonly BusyInterval[],
  now: Slot['start'],
): Slot | undefined => {
  if (wish.kind === 'fixed') return isFree(wish.slot, busy) ? wish.slot : undefined;
  const window = { from: wish.earliest, until: wish.latest };
  const free = freeSlots(busy, window, wish.durationMinutes * minute).find(({ start }) => start > now);
  return (
    free && {
      ...free,
      zone: wish.zone,
      ...(wish.room === undefined ? {} : { room: wish.room }),
      ...(wish.roomCalendar ? { roomCalendar: wish.roomCalendar } : {}),
    }
  );
};
