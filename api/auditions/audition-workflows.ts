/** The one place of the API that talks to Temporal: starts auditions, asks something of them, tells them facts. */
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

/** What may be asked of a running audition, as its workflow's updates take it. */
export type AuditionUpdateMessage =
  | { readonly name: 'respond'; readonly command: RespondCommand }
  | { readonly name: 'reschedule'; readonly command: RescheduleCommand }
  | { readonly name: 'cancel'; readonly command: CancelCommand }
  | { readonly name: 'check-in'; readonly command: CheckInCommand }
  | { readonly name: 'decide'; readonly command: DecideCommand }
  | { readonly name: 'resolve'; readonly command: ResolveAttentionCommand };

/** `still_working`: accepted and durable, but not done within our patience. `ended`: no such workflow runs. */
type UpdateOutcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'still_working' }
  | { readonly kind: 'ended' };

export interface AuditionWorkflows {
  /**
   * Starts the audition and waits for its first result. Idempotent by the plan's id: whoever comes while it runs
   * joins it, whoever comes after its end is told so.
   */
  start(plan: AuditionPlan): Promise<UpdateOutcome<FirstResult>>;
  /** Idempotent by `updateId`. Throws the workflow's `Refusal`. */
  sendUpdate(
    id: AuditionId,
    message: AuditionUpdateMessage,
    updateId: string,
  ): Promise<UpdateOutcome<AuditionView>>;
  /** Whether there is such a workflow, running or not. Asks no worker. */
  exists(id: AuditionId): Promise<boolean>;
  /** The state as the workflow itself knows it, ahead of the read model. */
  queryView(id: AuditionId): Promise<AuditionView | undefined>;
  /**
   * The same, of the organization's own and while it runs: nobody has another organization's workflow asked anything.
   */
  queryRunningView(organization: OrganizationId, id: AuditionId): Promise<AuditionView | undefined>;
}

export interface UpdateTimeouts {
  /** Milliseconds until a worker has accepted what is asked: past that, nothing is promised. */
  readonly acceptedTimeoutMs: number;
  /** Milliseconds until the result of what was accepted. */
  readonly resultTimeoutMs: number;
}

/** A worker accepts in milliseconds; a caller behind a proxy is seldom given more than 30 seconds in all. */
const defaultTimeouts: UpdateTimeouts = { acceptedTimeoutMs: 8_000, resultTimeoutMs: 20_000 };

/** Joining callers bring this very id, so that one update answers all of them. */
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
  const how = { updateId, waitForStage: 'ACCEPTED' } as const;
  switch (message.name) {
    case 'respond':
      return handle.startUpdate(respondUpdate, { args: [message.command], ...how });
    case 'reschedule':
      return handle.startUpdate(rescheduleUpdate, { args: [message.command], ...how });
    case 'cancel':
      return handle.startUpdate(cancelUpdate, { args: [message.command], ...how });
    case 'check-in':
      return handle.startUpdate(checkInUpdate, { args: [message.command], ...how });
    case 'decide':
      return handle.startUpdate(decideUpdate, { args: [message.command], ...how });
    case 'resolve':
      return handle.startUpdate(resolveAttentionUpdate, { args: [message.command], ...how });
  }
};

const isWorkflowGone = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError;

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
   * In two steps, because they fail differently: what was not accepted may never happen, and the caller has to come
   * again; what was accepted will happen, and the caller need not wait for it.
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

  /** Asks no worker. Throws `WorkflowNotFoundError`. */
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
        const isTheirs = typedSearchAttributes.get(searchAttributes.organization) === organization;
        return isTheirs && status.name === 'RUNNING' ? await viewOf(id) : undefined;
      } catch (error) {
        if (isWorkflowGone(error)) return undefined;
        throw error;
      }
    },
  };
};
