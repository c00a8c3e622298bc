/** Compares the names of rooms, and slots in them. Imports no schemas: the workflow uses it. */
import type { RoomCalendar, Slot, SlotSpec } from './slot.ts';

/**
 * Returns one name for all spellings of a room: composed or decomposed, with any spaces, in upper or lower case. Upper
 * case first folds letters that have more than one lower case form.
 */
export const canonicalRoom = (room: string): string =>
  room.normalize('NFC').replaceAll(/\s+/gu, ' ').trim().toUpperCase().toLowerCase().normalize('NFC');

/** Returns whether both names are of one room, or both are absent. */
const isSameName = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalRoom(a) === canonicalRoom(b);

const isSameCalendar = (a: RoomCalendar | undefined, b: RoomCalendar | undefined): boolean =>
  a?.provider === b?.provider && a?.connection === b?.connection && a?.email === b?.email;

/** Returns whether both slots are at the same time in the same room. Their zone may differ. */
export const isSameSlot = (a: Slot, b: Slot): boolean =>
  a.start === b.start &&
  a.end === b.end &&
  isSameName(a.room, b.room) &&
  isSameCalendar(a.roomCalendar, b.roomCalendar);

/** A room, and its calendar if it has one. */
type Room = Pick<Slot, 'room' | 'roomCalendar'>;

/** Returns the room of the wish. */
const roomIn = (wish: SlotSpec): Room => (wish.kind === 'fixed' ? wish.slot : wish);

/**
 * Returns the wish with the room of the slot, unless it names another. A wish that names the same room without its
 * calendar keeps the calendar.
 */
export const inRoom = (wish: SlotSpec, { room, roomCalendar }: Room = {}): SlotSpec => {
  if (room === undefined) return wish;
  const wished = roomIn(wish);
  const isAnother = wished.room !== undefined && !isSameName(wished.room, room);
  if (isAnother || wished.roomCalendar) return wish;
  const kept = { room: wished.room ?? room, ...(roomCalendar ? { roomCalendar } : {}) };
  return wish.kind === 'fixed' ? { ...wish, slot: { ...wish.slot, ...kept } } : { ...wish, ...kept };
};

/** Returns the calendar of the room that the wish names. */
export const roomCalendarOf = (wish: SlotSpec): RoomCalendar | undefined => roomIn(wish).roomCalendar;
