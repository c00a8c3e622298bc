/** A slot as workflows use it: instants, with the zone of the request. */
import { z } from 'zod';
import type { ConnectionId } from '../ids.ts';
import { instantSchema } from '../time/instant.ts';

export const slotSchema = z.object({
  start: instantSchema,
  end: instantSchema,
  zone: z.string(),
  room: z.string().optional(),
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
    };

export interface BusyInterval {
  readonly start: Slot['start'];
  readonly end: Slot['end'];
  /** The connection and the calendar that the time was read from, as far as the reading tells. */
  readonly connection?: ConnectionId | undefined;
  readonly calendarId?: string | undefined;
}
