/** The API's client for audition workflows: starts, updates and queries them. */
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import {
  type AuditionInput,
  auditionWorkflowType,
  type CancelCommand,
  type CheckInCommand,
  cancelUpdate,
  checkInUpdate,
  type DecideCommand,
  decideUpdate,
  type FirstResult,
  firstResultUpdate,
  type RescheduleCommand,
  type ResolveAttentionCommand,
  type RespondCommand,
  rescheduleUpdate,
  resolveAttentionUpdate,
  respondUpdate,
  viewQuery,
} from '../../workflows/audition/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { isUpdateTimeout, unwrapUpdateFailure } from './update-failures.ts';

/** An update of a running audition: its name and its command. */
export type AuditionUpdateMessage =
  | { readonly name: 'respond'; readonly command: RespondCommand }
  | { readonly name: 'reschedule'; readonly command: RescheduleCommand }
  | { readonly name: 'cancel'; readonly command: CancelCommand }
  | { readonly name: 'check-in'; readonly command: CheckInCommand }
  | { readonly name: 'decide'; readonly command: DecideCommand }
  | { readonly name: 'resolve'; readonly command: ResolveAttentionCommand };

/** `still_working`: accepted and durable, but not completed before our timeout. `ended`: no such workflow is running. */
type UpdateOutcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'still_working' }
  | { readonly kind: 'ended' };

export interface AuditionWorkflows {
  /**
   * Starts the audition and waits for its first result. Idempotent by the plan's ID: a repeated call waits for the
   * same result while the workflow runs, and returns `ended` after it has ended.
   */
  start(plan: AuditionPlan): Promise<UpdateOutcome<FirstResult>>;
  /** Sends an update and waits for its result. Idempotent by `updateId`. Throws the workflow's `Refusal`. */
  sendUpdate(
    id: AuditionId,
    message: AuditionUpdateMessage,
    updateId: string,
  ): Promise<UpdateOutcome<AuditionView>>;
  /** Returns whether the workflow exists, running or closed. Needs no worker. */
  exists(id: AuditionId): Promise<boolean>;
  /** Queries the workflow for its current state, which is ahead of the read model. */
  queryView(id: AuditionId): Promise<AuditionView | undefined>;
  /** Like `queryView`, but only for a running workflow of this organization; otherwise undefined. */
  queryRunningView(organization: OrganizationId, id: AuditionId): Promise<AuditionView | undefined>;
}

export interface UpdateTimeouts {
  /** Milliseconds for a worker to accept an update. After this timeout the update may never happen. */
  readonly acceptedTimeoutMs: number;
  /** Milliseconds to wait for the result of an accepted update. */
  readonly resultTimeoutMs: number;
}

/** A worker accepts within milliseconds. Together below 30 seconds, the usual timeout of a proxy. */
const defaultTimeouts: UpdateTimeouts = { acceptedTimeoutMs: 8_000, resultTimeoutMs: 20_000 };

/** Constant, so that repeated starts of one audition share one update. */
const firstResultUpdateId = 'first-result';

const startOptions = (plan: AuditionPlan, taskQueue: string) => ({
  args: [{ plan } satisfies AuditionInput],
  workflowId: auditionWorkflowId(plan.id),
  taskQueue,
  workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
  workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  typedSearchAttributes: new TypedSearchAttributes([
    { key: searchAttributes.organization, value: plan.organization },
    { key: searchAttributes.project, value: plan.project.id },
    { key: searchAttributes.role, value: plan.role.id },
    { key: searchAttributes.state, value: 'requested' },
  ]),
  memo: { organization: plan.organization, correlationId: plan.correlationId },
  staticSummary: `Audition ${plan.id}, round ${plan.round}`,
});

const startAuditionUpdate = (
  handle: WorkflowHandle,
  message: AuditionUpdateMessage,
  updateId: string,
): Promise<WorkflowUpdateHandle<AuditionView>> => {
  const options = { updateId, waitForStage: 'ACCEPTED' } as const;
  switch (message.name) {
    case 'respond':
      return handle.startUpdate(respondUpdate, { args: [message.command], ...options });
    case 'reschedule':
      return handle.startUpdate(rescheduleUpdate, { args: [message.command], ...options });
    case 'cancel':
      return handle.startUpdate(cancelUpdate, { args: [message.command], ...options });
    case 'check-in':
      return handle.startUpdate(checkInUpdate, { args: [message.command], ...options });
    case 'decide':
      return handle.startUpdate(decideUpdate, { args: [message.command], ...options });
    case 'resolve':
      return handle.startUpdate(resolveAttentionUpdate, { args: [message.command], ...options });
  }
};

const isWorkflowGone = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError;

/** Creates the client. `taskQueue` is the queue of the audition workflows. */
export const createAuditionWorkflows = ({
  temporal,
  taskQueue,
  timeouts = defaultTimeouts,
}: {
  readonly temporal: Client;
  readonly taskQueue: string;
  readonly timeouts?: UpdateTimeouts;
}): AuditionWorkflows => {
  const withTimeout = <Result>(ms: number, call: () => Promise<Result>): Promise<Result> =>
    temporal.withDeadline(Date.now() + ms, call);
  const handleOf = (id: AuditionId) => temporal.workflow.getHandle(auditionWorkflowId(id));

  const waitUntilAccepted = async <Result>(
    begin: () => Promise<WorkflowUpdateHandle<Result>>,
  ): Promise<WorkflowUpdateHandle<Result> | 'ended'> => {
    try {
      return await withTimeout(timeouts.acceptedTimeoutMs, begin);
    } catch (error) {
      return isWorkflowGone(error) ? 'ended' : unwrapUpdateFailure(error);
    }
  };

  /**
   * Acceptance and result have separate timeouts because they fail differently. An update that was not accepted may
   * never happen, so the caller must retry. An accepted update will happen, so the caller need not wait for it.
   */
  const update = async <Result>(
    begin: () => Promise<WorkflowUpdateHandle<Result>>,
  ): Promise<UpdateOutcome<Result>> => {
    const handle = await waitUntilAccepted(begin);
    if (handle === 'ended') return { kind: 'ended' };
    try {
      return { kind: 'done', result: await withTimeout(timeouts.resultTimeoutMs, () => handle.result()) };
    } catch (error) {
      if (isUpdateTimeout(error)) return { kind: 'still_working' };
      return { kind: isWorkflowGone(error) ? 'ended' : unwrapUpdateFailure(error) };
    }
  };

  const viewOf = async (id: AuditionId): Promise<AuditionView | undefined> => {
    try {
      return await withTimeout(timeouts.acceptedTimeoutMs, () => handleOf(id).query(viewQuery));
    } catch (error) {
      if (isWorkflowGone(error)) return undefined;
      throw error;
    }
  };

  /** Needs no worker. Throws `WorkflowNotFoundError`. */
  const describeWorkflow = (id: AuditionId) =>
    withTimeout(timeouts.acceptedTimeoutMs, () => handleOf(id).describe());

  return {
    start: (plan) =>
      update(() =>
        temporal.workflow.startUpdateWithStart(firstResultUpdate, {
          updateId: firstResultUpdateId,
          waitForStage: 'ACCEPTED',
          startWorkflowOperation: new WithStartWorkflowOperation(
            auditionWorkflowType,
            startOptions(plan, taskQueue),
          ),
        }),
      ),
    sendUpdate: (id, message, updateId) => update(() => startAuditionUpdate(handleOf(id), message, updateId)),
    exists: async (id) => {
      try {
        await describeWorkflow(id);
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
    queryView: viewOf,
    queryRunningView: async (organization, id) => {
      try {
        const { status, typedSearchAttributes } = await describeWorkflow(id);
        const isOwn = typedSearchAttributes.get(searchAttributes.organization) === organization;
        return isOwn && status.name === 'RUNNING' ? await viewOf(id) : undefined;
      } catch (error) {
        if (isWorkflowGone(error)) return undefined;
        throw error;
      }
    },
  };
};
