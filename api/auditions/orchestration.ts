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
  cancel,
  checkIn,
  type DecideCommand,
  decide,
  type FirstResult,
  firstResult,
  type RescheduleCommand,
  type ResolveAttentionCommand,
  type RespondCommand,
  reschedule,
  resolveAttention,
  respond,
  view,
} from '../../workflows/audition/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { isDeadline, updateFailure } from './update-failures.ts';

/** What may be asked of a running audition, as its workflow's updates take it. */
export type AuditionRequestMessage =
  | { readonly name: 'respond'; readonly command: RespondCommand }
  | { readonly name: 'reschedule'; readonly command: RescheduleCommand }
  | { readonly name: 'cancel'; readonly command: CancelCommand }
  | { readonly name: 'check-in'; readonly command: CheckInCommand }
  | { readonly name: 'decide'; readonly command: DecideCommand }
  | { readonly name: 'resolve'; readonly command: ResolveAttentionCommand };

/** `still_working`: accepted and durable, but not done within our patience. `ended`: no such workflow runs. */
type Outcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'still_working' }
  | { readonly kind: 'ended' };

export interface Orchestration {
  /**
   * Starts the audition and waits for its first result. Idempotent by the plan's id: whoever comes while it runs
   * joins it, whoever comes after its end is told so.
   */
  start(plan: AuditionPlan): Promise<Outcome<FirstResult>>;
  /** Idempotent by `updateId`. Throws the workflow's `Refusal`. */
  ask(id: AuditionId, message: AuditionRequestMessage, updateId: string): Promise<Outcome<AuditionView>>;
  /** Whether there is such a workflow, running or not. Asks no worker. */
  exists(id: AuditionId): Promise<boolean>;
  /** The state as the workflow itself knows it, ahead of the read model. */
  view(id: AuditionId): Promise<AuditionView | undefined>;
  /**
   * The same, of the organization's own and while it runs: nobody has another organization's workflow asked anything.
   */
  running(organization: OrganizationId, id: AuditionId): Promise<AuditionView | undefined>;
}

export interface Patience {
  /** Milliseconds until a worker has accepted what is asked: past that, nothing is promised. */
  readonly acceptedWithin: number;
  /** Milliseconds until the result of what was accepted. */
  readonly doneWithin: number;
}

/** A worker accepts in milliseconds; a caller behind a proxy is seldom given more than 30 seconds in all. */
const defaultPatience: Patience = { acceptedWithin: 8_000, doneWithin: 20_000 };

/** Joining callers bring this very id, so that one update answers all of them. */
const firstResultId = 'first-result';

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

const send = (
  handle: WorkflowHandle,
  message: AuditionRequestMessage,
  updateId: string,
): Promise<WorkflowUpdateHandle<AuditionView>> => {
  const how = { updateId, waitForStage: 'ACCEPTED' } as const;
  switch (message.name) {
    case 'respond':
      return handle.startUpdate(respond, { args: [message.command], ...how });
    case 'reschedule':
      return handle.startUpdate(reschedule, { args: [message.command], ...how });
    case 'cancel':
      return handle.startUpdate(cancel, { args: [message.command], ...how });
    case 'check-in':
      return handle.startUpdate(checkIn, { args: [message.command], ...how });
    case 'decide':
      return handle.startUpdate(decide, { args: [message.command], ...how });
    case 'resolve':
      return handle.startUpdate(resolveAttention, { args: [message.command], ...how });
  }
};

const hasEnded = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError;

export const createOrchestration = ({
  temporal,
  taskQueue,
  patience = defaultPatience,
}: {
  readonly temporal: Client;
  readonly taskQueue: string;
  readonly patience?: Patience;
}): Orchestration => {
  const within = <Result>(ms: number, call: () => Promise<Result>): Promise<Result> =>
    temporal.withDeadline(Date.now() + ms, call);
  const handleOf = (id: AuditionId) => temporal.workflow.getHandle(auditionWorkflowId(id));

  const accepted = async <Result>(
    begin: () => Promise<WorkflowUpdateHandle<Result>>,
  ): Promise<WorkflowUpdateHandle<Result> | 'ended'> => {
    try {
      return await within(patience.acceptedWithin, begin);
    } catch (error) {
      return hasEnded(error) ? 'ended' : updateFailure(error);
    }
  };

  /**
   * In two steps, because they fail differently: what was not accepted may never happen, and the caller has to come
   * again; what was accepted will happen, and the caller need not wait for it.
   */
  const update = async <Result>(
    begin: () => Promise<WorkflowUpdateHandle<Result>>,
  ): Promise<Outcome<Result>> => {
    const handle = await accepted(begin);
    if (handle === 'ended') return { kind: 'ended' };
    try {
      return { kind: 'done', result: await within(patience.doneWithin, () => handle.result()) };
    } catch (error) {
      if (isDeadline(error)) return { kind: 'still_working' };
      return { kind: hasEnded(error) ? 'ended' : updateFailure(error) };
    }
  };

  const viewOf = async (id: AuditionId): Promise<AuditionView | undefined> => {
    try {
      return await within(patience.acceptedWithin, () => handleOf(id).query(view));
    } catch (error) {
      if (hasEnded(error)) return undefined;
      throw error;
    }
  };

  /** Asks no worker. Throws `WorkflowNotFoundError`. */
  const described = (id: AuditionId) => within(patience.acceptedWithin, () => handleOf(id).describe());

  return {
    start: (plan) =>
      update(() =>
        temporal.workflow.startUpdateWithStart(firstResult, {
          updateId: firstResultId,
          waitForStage: 'ACCEPTED',
          startWorkflowOperation: new WithStartWorkflowOperation(
            auditionWorkflowType,
            startOptions(plan, taskQueue),
          ),
        }),
      ),
    ask: (id, message, updateId) => update(() => send(handleOf(id), message, updateId)),
    exists: async (id) => {
      try {
        await described(id);
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
    view: viewOf,
    running: async (organization, id) => {
      try {
        const { status, typedSearchAttributes } = await described(id);
        const isTheirs = typedSearchAttributes.get(searchAttributes.organization) === organization;
        return isTheirs && status.name === 'RUNNING' ? await viewOf(id) : undefined;
      } catch (error) {
        if (hasEnded(error)) return undefined;
        throw error;
      }
    },
  };
};
