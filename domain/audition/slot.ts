/** A slot as the orchestration knows it: instants with the zone they were meant in beside them. */
import { z } from 'zod';
import { instantSchema } from '../time/instant.ts';

export const slotSchema = z.object({
  start: instantSchema,
  end: instantSchema,
  zone: z.string(),
  room: z.string().optional(),
});
export type Slot = z.infer<typeof slotSchema>;

/** Either a slot that somebody has chosen, or the window and length from which the check proposes one. */
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
}
