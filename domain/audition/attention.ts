/** Attention items: a step that has spent its retries and waits for an operator. The dead letters of this service. */
import { z } from 'zod';
import { attentionIdSchema, connectionIdSchema } from '../ids.ts';
import { instantSchema } from '../time/instant.ts';

/** The steps that can raise an attention item. Operators, the search attribute and the metrics see these names. */
export const attentionSteps = [
  'conflict_check',
  'hold',
  'meeting',
  'calendar_event',
  'invitation',
  'reminder',
  'compensation',
  'answer',
  'decision',
  'session',
  'recovery',
  'calendar_change',
  'calendar_conflict',
  'proposal',
  'room_booking',
  'session_block',
  'recording',
] as const;
export type AttentionStep = (typeof attentionSteps)[number];

export const attentionActions = [
  'retry',
  'skip',
  'override',
  'abort',
  'held',
  'no_show',
  'follow',
  'restore',
  'ignore',
] as const;
export type AttentionAction = (typeof attentionActions)[number];

export const attentionItemSchema = z.object({
  id: attentionIdSchema,
  step: z.enum(attentionSteps),
  /** What happened, in plain words. Never contains personal data. */
  what: z.string(),
  /** What the operator can do, in the imperative. */
  hint: z.string(),
  actions: z.array(z.enum(attentionActions)),
  /** The error code of the last attempt, if the step failed with one. */
  code: z.string().optional(),
  provider: z.string().optional(),
  /** The connection that its owner must reconnect. The step is then retried without an operator. */
  connection: connectionIdSchema.optional(),
  raisedAt: instantSchema,
  /** When the item becomes overdue and alerts again, unless it is resolved before. */
  dueAt: instantSchema,
  overdue: z.boolean(),
});
export type AttentionItem = z.infer<typeof attentionItemSchema>;
