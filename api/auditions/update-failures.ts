/** What an update can end in, other than its result. */
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { Refusal, refusalCodes } from '../../domain/errors.ts';

/** Our patience is at its end; the update itself goes on. */
export const isUpdateTimeout = (error: unknown): boolean =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;

/** The server's name for an update whose workflow ended before it was done. */
const workflowCompletedFailure = 'AcceptedUpdateCompletedWorkflow';

const codeSchema = z.enum(refusalCodes);
const whatToDoSchema = z.string();

/**
 * `ended` where the workflow ended under the update. Throws the workflow's refusal under its own name, and everything
 * else as it is.
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
    whatToDo.data ?? 'Look at the audition as it is now, then decide again.',
    [],
  );
};
