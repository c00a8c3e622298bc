/** Waits for the outcome of workflow updates, with timeouts. */
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import { isUpdateTimeout, unwrapUpdateFailure } from './update-failures.ts';

/** `still_working`: accepted and durable, but not completed before our timeout. `ended`: no such workflow is running. */
export type UpdateOutcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'still_working' }
  | { readonly kind: 'ended' };

export interface UpdateTimeouts {
  /** Milliseconds for a worker to accept an update. After this timeout the update may never happen. */
  readonly acceptedTimeoutMs: number;
  /** Milliseconds to wait for the result of an accepted update. */
  readonly resultTimeoutMs: number;
}

/** A worker accepts within milliseconds. Together below 30 seconds, the usual timeout of a proxy. */
export const defaultTimeouts: UpdateTimeouts = { acceptedTimeoutMs: 8_000, resultTimeoutMs: 20_000 };

/**
 * Returns whether no such workflow is running. For a start: whether a workflow with that ID exists, and the policies do
 * not allow another one.
 */
export const isWorkflowGone = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError;

export interface UpdateOutcomes {
  withTimeout<Result>(ms: number, call: () => Promise<Result>): Promise<Result>;
  /** Sends an update and waits for its outcome. Throws the workflow's `Refusal`. */
  send<Result>(begin: () => Promise<WorkflowUpdateHandle<Result>>): Promise<UpdateOutcome<Result>>;
  /** Waits for the outcome of an update that was sent before. Throws the workflow's `Refusal`. */
  await<Result>(handle: WorkflowUpdateHandle<Result>): Promise<UpdateOutcome<Result>>;
}

/** Creates the waiting for updates of one client. */
export const createUpdateOutcomes = (temporal: Client, timeouts: UpdateTimeouts): UpdateOutcomes => {
  const withTimeout: UpdateOutcomes['withTimeout'] = (ms, call) =>
    temporal.withDeadline(Date.now() + ms, call);

  const waitUntilAccepted = async <Result>(
    begin: () => Promise<WorkflowUpdateHandle<Result>>,
  ): Promise<WorkflowUpdateHandle<Result> | 'ended'> => {
    try {
      return await withTimeout(timeouts.acceptedTimeoutMs, begin);
    } catch (error) {
      return isWorkflowGone(error) ? 'ended' : unwrapUpdateFailure(error);
    }
  };

  const waitForResult = async <Result>(
    handle: WorkflowUpdateHandle<Result>,
  ): Promise<UpdateOutcome<Result>> => {
    try {
      return { kind: 'done', result: await withTimeout(timeouts.resultTimeoutMs, () => handle.result()) };
    } catch (error) {
      if (isUpdateTimeout(error)) return { kind: 'still_working' };
      return { kind: isWorkflowGone(error) ? 'ended' : unwrapUpdateFailure(error) };
    }
  };

  return {
    withTimeout,
    /*
     * Acceptance and result have separate timeouts because they fail differently. An update that was not accepted may
     * never happen, so the caller must retry. An accepted update will happen, so the caller need not wait for it.
     */
    send: async (begin) => {
      const handle = await waitUntilAccepted(begin);
      return handle === 'ended' ? { kind: 'ended' } : waitForResult(handle);
    },
    await: waitForResult,
  };
};
