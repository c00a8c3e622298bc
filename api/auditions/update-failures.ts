/** Classifies the failures of workflow updates. */
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { Refusal, refusalCodes } from '../../domain/errors.ts';

/** Returns whether the call timed out while waiting for the result. The update itself continues. */
export const isUpdateTimeout = (error: unknown): boolean =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;

/** The server's failure type for an update whose workflow closed before the update completed. */
const workflowCompletedFailure = 'AcceptedUpdateCompletedWorkflow';

const codeSchema = z.enum(refusalCodes);
const whatToDoSchema = z.string();

/**
 * Returns `ended` when the workflow closed before the update completed.
 * @throws {Refusal} the workflow's refusal, with its code; any other error unchanged.
 */
export const unwrapUpdateFailure = (error: unknown): 'ended' => {
  if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) throw error;
  if (cause.type === workflowCompletedFailure) return 'ended';
  const code = codeSchema.safeParse(cause.type);
  if (!code.success) throw error;
  const whatToDo = whatToDoSchema.safeParse(cause.details?.[0]);
  throw new Refusal(
    code.data,
    cause.message,
    whatToDo.data ?? 'Read the current audition, then send another command if it is still needed.',
    [],
  );
};
