/** A slot as workflows use it: instants, with the zone of the request. */
import { z } from 'zod';
import { type ConnectionId, type SessionBlockId, sessionBlockIdSchema } from '../ids.ts';
import { instantSchema } from '../time/instant.ts';

export const slotSchema = z.object({
  start: instantSchema,
  end: instantSchema,
  zone: z.string(),
  room: z.string().optional(),
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
      /** The slot is chosen from the sessions of this block. They decide about its length and its room. */
      readonly block?: SessionBlockId | undefined;
    };

export interface BusyInterval {
  readonly start: Slot['start'];
  readonly end: Slot['end'];
  /** The connection and the calendar that the time was read from, as far as the reading tells. */
  readonly connection?: ConnectionId | undefined;
  readonly calendarId?: string | undefined;
}
