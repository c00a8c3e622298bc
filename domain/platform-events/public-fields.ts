/** Fields that several public events have. */
import { z } from 'zod';
import { attentionItemSchema } from '../audition/attention.ts';
import { slotSchema } from '../audition/slot.ts';
import { participantIdSchema } from '../ids.ts';
import { channels } from '../providers/vendors.ts';

export interface PublicEventDefinition {
  readonly type: `audition.${string}`;
  readonly summary: string;
  /** The public fields of the fact. All other fields are stripped. */
  readonly publicFields: z.ZodObject;
}

export const participant = participantIdSchema;
export const origin = z
  .string()
  .describe('Source of the change: api, link, sms, calendar, email, operator or system');
export const channel = z.enum(channels).describe('The channel of the message');
export const provider = z.string().describe('The provider, such as google or zoom');
export const meetingId = z.string().describe("The provider's id of the meeting");
export const revision = z.int().describe('Increases each time the slot moves');
export const at = { slot: slotSchema.describe('The slot from now on'), revision };
export const attention = attentionItemSchema.shape;
