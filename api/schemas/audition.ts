/** The API's schemas of auditions, which are the domain's views unchanged. */
import { z } from 'zod';
import { auditionViewSchema } from '../../db/auditions/view-schema.ts';
import { attentionItemSchema } from '../../domain/audition/attention.ts';
import { auditionEventSchema } from '../../domain/audition/events.ts';
import { attentionIdSchema, auditionIdSchema, projectIdSchema, roleIdSchema } from '../../domain/ids.ts';
import type { AuditionAnswer } from '../auditions/join-addresses.ts';
import { pageSchemaOf } from './page.ts';

const participantSchema = auditionViewSchema.shape.participants.element.extend({
  joinUrl: z
    .url()
    .optional()
    .describe(
      "The participant's own join link. It stays the same when the audition moves to another meeting. Absent without a meeting, and for a closed audition",
    ),
});

export const auditionSchema: z.ZodType<AuditionAnswer> = auditionViewSchema
  .extend({
    participants: z.array(participantSchema).describe('The cast, without names and addresses'),
  })
  .meta({
    id: 'Audition',
    description:
      'The current state of an audition, from the events of its trail up to number `sequence`. `meeting.joinUrl` is the join link of the audition, which records no check-in; give participants their own',
  });

export const auditionPageSchema = pageSchemaOf('AuditionPage', auditionSchema);

export const attentionSchema = attentionItemSchema
  .extend({
    auditionId: auditionIdSchema,
    project: projectIdSchema.describe('The project of the audition'),
    role: roleIdSchema.describe('The role of the audition'),
  })
  .meta({ id: 'AttentionItem', description: 'A step that has failed and waits for an operator' });

export const eventSchema = auditionEventSchema
  .extend({
    previousHash: z.string().describe('The hash of the previous event; of the first one, of nothing'),
    hash: z.string().describe('The SHA-256 of this event and the previous hash, in hexadecimal digits'),
  })
  .meta({
    id: 'AuditionEvent',
    description: 'An event of the audit trail. Its hash covers the previous hash',
  });

export const auditionParams = z.object({ id: auditionIdSchema });
export const attentionParams = z.object({ id: attentionIdSchema });
