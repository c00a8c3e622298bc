/** Compares the names of rooms, and slots in them. Imports no schemas: the workflow uses it. */
import type { Slot, SlotSpec } from './slot.ts';

/**
 * Returns one name for all spellings of a room: composed or decomposed, with any spaces, in upper or lower case. Upper
 * case first folds letters that have more than one lower case form.
 */
export const canonicalRoom = (room: string): string =>
  room.normalize('NFC').replaceAll(/\s+/gu, ' ').trim().toUpperCase().toLowerCase().normalize('NFC');

/** Returns whether both names are of one room, or both are absent. */
const isSameRoom = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalRoom(a) === canonicalRoom(b);

/** Returns whether both slots are at the same time in the same room. Their zone may differ. */
export const isSameSlot = (a: Slot, b: Slot): boolean =>
  a.start === b.start && a.end === b.end && isSameRoom(a.room, b.room);

/** Returns the wish with this room, unless it names another. */
export const inRoom = (wish: SlotSpec, room: string | undefined): SlotSpec => {
  if (room === undefined) return wish;
  return wish.kind === 'fixed' ? { ...wish, slot: { room, ...wish.slot } } : { room, ...wish };
};
