/** The API's schemas of auditions, which are the domain's views unchanged. */
import { z } from 'zod';
import { auditionViewSchema } from '../../db/auditions/view-schema.ts';
import { attentionItemSchema } from '../../domain/audition/attention.ts';
import { auditionEventSchema } from '../../domain/audition/events.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { attentionIdSchema, auditionIdSchema } from '../../domain/ids.ts';

export const auditionSchema: z.ZodType<AuditionView> = auditionViewSchema.meta({
  id: 'Audition',
  description: 'The current state of an audition, from the events of its trail up to number `sequence`',
});

export const attentionSchema = attentionItemSchema
  .extend({ auditionId: auditionIdSchema })
  .meta({ id: 'AttentionItem' });

export const eventSchema = auditionEventSchema.extend({ previousHash: z.string(), hash: z.string() }).meta({
  id: 'AuditionEvent',
  description: 'An event of the audit trail. Its hash covers the previous hash',
});

export const auditionParams = z.object({ id: auditionIdSchema });
export const attentionParams = z.object({ id: attentionIdSchema });
