/** The responses about session blocks. */
import { z } from 'zod';
import { slotSchema } from '../../domain/audition/slot.ts';
import { auditionIdSchema, sessionBlockIdSchema } from '../../domain/ids.ts';
import {
  clockTimeSchema,
  type SessionBlock,
  sessionBlockDefinitionSchema,
  sessionExceptionSchema,
} from '../../domain/session-blocks/session-block.ts';
import { instantSchema } from '../../domain/time/instant.ts';

export const sessionBlockSchema = sessionBlockDefinitionSchema
  .extend({
    id: sessionBlockIdSchema,
    series: sessionBlockIdSchema.describe('The first block of those that were split from each other'),
    version: z.int().describe('Increases with each change. The response header ETag contains it'),
    status: z.enum(['active', 'cancelled']).describe('A cancelled block has no sessions'),
    exceptions: z
      .array(sessionExceptionSchema)
      .describe('Sessions that differ from the series. `at` is the start in the series'),
    createdAt: instantSchema.describe('When it was created, in UTC'),
    changedAt: instantSchema.describe('When it was last changed, in UTC'),
  })
  .meta({ id: 'SessionBlock', description: 'Casting sessions that recur, cut into slots' });

/** Returns the block as a response. */
export const toBlockResponse = ({
  id,
  series,
  version,
  definition,
  exceptions,
  isCancelled,
  createdAt,
  changedAt,
}: SessionBlock): z.infer<typeof sessionBlockSchema> => ({
  ...definition,
  id,
  series,
  version,
  status: isCancelled ? 'cancelled' : 'active',
  exceptions: [...exceptions],
  createdAt,
  changedAt,
});

const outsideAudition = z.object({
  audition: auditionIdSchema,
  slot: slotSchema.describe('The slot of the audition, which is outside of the sessions now'),
  reason: z
    .enum(['no_session', 'other_room'])
    .describe('There is no session at the time of the slot, or it is in another room'),
});

const outsideSchema = z
  .array(outsideAudition)
  .describe(
    'The open auditions whose slots are outside of the sessions now, the earliest 500. None was moved: each has an attention item that offers to move it',
  );

export const changedBlockSchema = z
  .object({
    block: sessionBlockSchema.describe('The block after the change'),
    outside: outsideSchema,
    dropped: z
      .array(clockTimeSchema)
      .optional()
      .describe('The exceptions of sessions that the block does not have any more'),
  })
  .meta({
    id: 'ChangedSessionBlock',
    description: 'The block after a change, and what is outside of it now',
  });

export const splitBlockSchema = z
  .object({
    block: sessionBlockSchema.describe('The block, which ends before the split'),
    following: sessionBlockSchema.describe('The new block'),
    outside: outsideSchema,
    dropped: z
      .array(clockTimeSchema)
      .describe('The exceptions of sessions that the following block does not have'),
  })
  .meta({ id: 'SplitSessionBlock', description: 'Both blocks after a split' });

/** The request of a new block, and of all of its definition. */
export const sessionBlockRequest = sessionBlockDefinitionSchema.meta({
  id: 'SessionBlockDefinition',
  description: 'When the sessions are, and how they are cut into slots',
});

export const sessionSchema = z
  .object({
    at: clockTimeSchema.describe('The start in the series, which identifies the session'),
    start: instantSchema.describe('The start, in UTC'),
    end: instantSchema.describe('The end, in UTC'),
    room: z.string().optional().describe('The room. Absent for sessions by video'),
    isChanged: z.boolean().describe('Whether it has another time or room than the series says'),
  })
  .meta({ id: 'Session', description: 'A casting session of a block' });

export const blockParams = z.object({ id: sessionBlockIdSchema });
