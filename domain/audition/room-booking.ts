/** What a room answers to the event that books it. Imports no schemas: the workflow uses it. */

/** `pending`: the room has not answered yet. `tentative`: a person must approve the booking. */
export const roomAnswers = ['pending', 'accepted', 'tentative', 'declined'] as const;
export type RoomAnswer = (typeof roomAnswers)[number];

/**
 * Names the room among the users of an event. No participant has this name, because their ids have no colon
 * (`domain/ids.ts`).
 */
export const roomUser = 'room:' as const;

/** The id of the main calendar of an account. The event that books the room is in it. */
export const mainCalendar = 'primary';
