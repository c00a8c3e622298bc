/** A slot as workflows use it: instants, with the zone of the request. */
import { z } from 'zod';
import { type ConnectionId, connectionIdSchema, type SessionBlockId, sessionBlockIdSchema } from '../ids.ts';
import { roomProviders } from '../providers/vendors.ts';
import { instantSchema } from '../time/instant.ts';

/** The calendar of a room: a resource calendar of Google, or the mailbox of a room at Microsoft. */
export const roomCalendarSchema = z.object({
  provider: z.enum(roomProviders).describe('The provider of the calendar of the room'),
  connection: connectionIdSchema.describe('The account with which the room is read and booked'),
  email: z.string().describe('The address of the room, in lower case'),
});
export type RoomCalendar = z.infer<typeof roomCalendarSchema>;

export const slotSchema = z.object({
  start: instantSchema.describe('The start, in UTC'),
  end: instantSchema.describe('The end, in UTC'),
  zone: z.string().describe('The time zone of the place, a name of the IANA database'),
  room: z.string().optional().describe('The name of the room. Absent for an audition by video'),
  roomCalendar: roomCalendarSchema.optional().describe('The calendar of the room, if it has one'),
  block: sessionBlockIdSchema.optional().describe('The session block that the slot was chosen from'),
});
export type Slot = z.infer<typeof slotSchema>;

/** Either a fixed slot, or a window and a length from which the service chooses the slot. */
export type SlotSpec =
  | { readonly kind: 'fixed'; readonly slot: Slot }
  | {
      readonly kind: 'window';
      readonly earliest: Slot['start'];
      readonly latest: Slot['end'];
      readonly durationMinutes: number;
      readonly zone: string;
      readonly room?: string | undefined;
      readonly roomCalendar?: RoomCalendar | undefined;
      /** The slot is chosen from the sessions of this block. They decide about its length and its room. */
      readonly block?: SessionBlockId | undefined;
    };

export interface BusyInterval {
  readonly start: Slot['start'];
  readonly end: Slot['end'];
  /** The connection and the calendar that the time was read from, as far as the reading tells. */
  readonly connection?: ConnectionId | undefined;
  readonly calendarId?: string | undefined;
  /** Whether the time was read from the calendar of the room. */
  readonly isRoom?: boolean | undefined;
}
