/** Attention items: a step that gave up and waits for a person. The dead letter of this system. */
import { z } from 'zod';
import { attentionIdSchema, connectionIdSchema } from '../ids.ts';
import { instantSchema } from '../time/instant.ts';

/** The steps that can give up. The name is what the operator sees, the search attribute finds, and metrics count. */
const attentionSteps = [
  'conflict_check',
  'hold',
  'meeting',
  'calendar_event',
  'invitation',
  'reminder',
  'compensation',
  'answer',
  'decision',
] as const;
export type AttentionStep = (typeof attentionSteps)[number];

export const attentionActions = ['retry', 'skip', 'override', 'abort'] as const;
export type AttentionAction = (typeof attentionActions)[number];

export const attentionItemSchema = z.object({
  id: attentionIdSchema,
  step: z.enum(attentionSteps),
  /** In plain words, without a person's data: what happened. */
  what: z.string(),
  /** What can be done about it, in the imperative. */
  hint: z.string(),
  actions: z.array(z.enum(attentionActions)),
  /** The error code that spent the retries, if one did. */
  code: z.string().optional(),
  provider: z.string().optional(),
  /** Which account has to be connected again: once it is, the step is tried again without anybody's word. */
  connection: connectionIdSchema.optional(),
  raisedAt: instantSchema,
  /** When nobody has come by then, the item is overdue and alerts again. */
  dueAt: instantSchema,
  overdue: z.boolean(),
});
export type AttentionItem = z.infer<typeof attentionItemSchema>;
