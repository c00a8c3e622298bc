/** Classifies the failures of workflow updates. */
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { slotConflictSchema } from '../../domain/audition/slot-conflict.ts';
import { Refusal, refusalCodes } from '../../domain/errors.ts';

/** Returns whether the call timed out while waiting for the result. The update itself continues. */
export const isUpdateTimeout = (error: unknown): boolean =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;

/** The server's failure type for an update whose workflow closed before the update completed. */
const workflowCompletedFailure = 'AcceptedUpdateCompletedWorkflow';

const codeSchema = z.enum(refusalCodes);
const whatToDoSchema = z.string();

/** The type of the failure in a run that a reset has begun, and whose trail contains facts of the earlier run. */
const trailAheadFailure = 'trail_ahead';

const isOfResetRun = (error: unknown): boolean =>
  error instanceof Error &&
  ((error instanceof ApplicationFailure && error.type === trailAheadFailure) || isOfResetRun(error.cause));

/**
 * Returns `ended` when the workflow closed before the update completed, and when the update belongs to a run that a
 * reset has superseded: its effect was discarded.
 * @throws {Refusal} the workflow's refusal, with its code; any other error unchanged.
 */
export const unwrapUpdateFailure = (error: unknown): 'ended' => {
  if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  const { cause } = error;
  if (isOfResetRun(cause)) return 'ended';
  if (!(cause instanceof ApplicationFailure)) throw error;
  if (cause.type === workflowCompletedFailure) return 'ended';
  const code = codeSchema.safeParse(cause.type);
  if (!code.success) throw error;
  const whatToDo = whatToDoSchema.safeParse(cause.details?.[0]);
  const conflict = slotConflictSchema.safeParse(cause.details?.[1]);
  throw new Refusal(
    code.data,
    cause.message,
    whatToDo.data ?? 'Read the current audition, then send another command if it is still needed.',
    [],
    conflict.data,
  );
};
