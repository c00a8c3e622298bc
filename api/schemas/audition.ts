/** What the API shows of an audition: the domain's view, to the letter. */
import { z } from 'zod';
import { auditionViewSchema } from '../../db/auditions/view-schema.ts';
import { attentionItemSchema } from '../../domain/audition/attention.ts';
import { auditionEventSchema } from '../../domain/audition/events.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { attentionIdSchema, auditionIdSchema } from '../../domain/ids.ts';

export const auditionSchema: z.ZodType<AuditionView> = auditionViewSchema.meta({
  id: 'Audition',
  description: 'An audition as it is: folded from its trail, up to the event numbered `sequence`',
});

export const attentionSchema = attentionItemSchema
  .extend({ auditionId: auditionIdSchema })
  .meta({ id: 'AttentionItem' });

export const eventSchema = auditionEventSchema
  .extend({ previousHash: z.string(), hash: z.string() })
  .meta({ id: 'AuditionEvent', description: 'A link of the audit trail: its hash covers the one before' });

export const auditionParams = z.object({ id: auditionIdSchema });
export const attentionParams = z.object({ id: attentionIdSchema });
