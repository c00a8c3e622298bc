/** Names the resources of a slot. The database allows one audition at a time for each resource. */
import type { ParticipantId } from '../ids.ts';
import type { Slot } from './slot.ts';

/** Calendars are one resource in all organizations. The other resources belong to an organization. */
export const calendarPrefix = 'calendar:';

/**
 * Returns the resources that a slot occupies: each participant, the room if there is one, and each calendar.
 * @param calendars canonical names, so that one calendar has one name however it was given
 */
export const slotResources = (
  participants: readonly { readonly id: ParticipantId }[],
  room: string | undefined,
  calendars: readonly string[] = [],
): readonly string[] => [
  ...participants.map(({ id }) => `participant:${id}`),
  ...(room === undefined ? [] : [`room:${canonicalRoom(room)}`]),
  ...new Set(calendars.map((name) => `${calendarPrefix}${name}`)),
];

/**
 * Returns one name for all spellings of a room: composed or decomposed, with any spaces, in upper or lower case. Upper
 * case first folds letters that have more than one lower case form.
 */
const canonicalRoom = (room: string): string =>
  room.normalize('NFC').replaceAll(/\s+/gu, ' ').trim().toUpperCase().toLowerCase().normalize('NFC');

/** Returns whether both slots are at the same time in the same room. Their zone may differ. */
export const isSameSlot = (a: Slot, b: Slot): boolean =>
  a.start === b.start && a.end === b.end && isSameRoom(a.room, b.room);

/** Returns whether both names are of one room, or both are absent. */
export const isSameRoom = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined ? a === b : canonicalRoom(a) === canonicalRoom(b);
