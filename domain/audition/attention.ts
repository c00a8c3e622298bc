/** Attention items: a step that has spent its retries and waits for an operator. The dead letters of this service. */
import { z } from 'zod';
import { attentionIdSchema, connectionIdSchema, recordingIdSchema } from '../ids.ts';
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
  step: z.enum(attentionSteps).describe('The step that waits for an operator'),
  what: z.string().describe('What happened, in plain words, without personal data'),
  hint: z.string().describe('What the operator can do'),
  actions: z.array(z.enum(attentionActions)).describe('The actions that the item offers'),
  code: z.string().optional().describe('The error code of the last attempt'),
  provider: z.string().optional().describe('The provider that the step was calling'),
  /**
   * The connection that its owner must reconnect. The step is then retried without an operator. For the step `calendar_change`, the
   * connection of the changed event: the item is withdrawn when its account is disconnected.
   */
  connection: connectionIdSchema
    .optional()
    .describe('The connection that its owner must reconnect, or whose event was changed'),
  recorded: z
    .object({
      meetingId: z.string().describe('The id of the meeting at the provider'),
      recordings: z
        .array(
          z.object({
            id: recordingIdSchema,
            startedAt: instantSchema.optional().describe('When the recording began, if the provider says so'),
          }),
        )
        .describe('The recordings that are missing, or whose copy stays. Empty when the provider lists none'),
    })
    .optional()
    .describe(
      'The recordings that the item is about. Only of the step `recording`, and absent in items of earlier versions',
    ),
  raisedAt: instantSchema.describe('Since when the item waits, in UTC'),
  dueAt: instantSchema.describe('When the item becomes overdue and alerts again, in UTC'),
  overdue: z.boolean().describe('Whether it is overdue'),
});
export type AttentionItem = z.infer<typeof attentionItemSchema>;
