/** The API's client for audition workflows: starts, updates, reopens and queries them. */
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import { summaryOf } from '../../domain/audition/summary.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { isDeadlineOver } from '../../foundation/temporal/call-deadline.ts';
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
  type MeetingCommand,
  meetingUpdate,
  type ParticipantsCommand,
  participantsUpdate,
  type ReopenCommand,
  type RescheduleCommand,
  type ResolveAttentionCommand,
  type RespondCommand,
  rescheduleUpdate,
  resolveAttentionUpdate,
  respondUpdate,
  type UpdateAnswer,
  viewQuery,
} from '../../workflows/audition/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { readStoredPlan } from './stored-plan.ts';
import {
  createUpdateOutcomes,
  defaultTimeouts,
  isWorkflowGone,
  type UpdateOutcome,
  type UpdateTimeouts,
} from './update-outcomes.ts';

/** An update of a running audition: its name and its command. */
export type AuditionUpdateMessage =
  | { readonly name: 'respond'; readonly command: RespondCommand }
  | { readonly name: 'reschedule'; readonly command: RescheduleCommand }
  | { readonly name: 'cancel'; readonly command: CancelCommand }
  | { readonly name: 'check-in'; readonly command: CheckInCommand }
  | { readonly name: 'decide'; readonly command: DecideCommand }
  | { readonly name: 'participants'; readonly command: ParticipantsCommand }
  | { readonly name: 'meeting'; readonly command: MeetingCommand }
  | { readonly name: 'resolve'; readonly command: ResolveAttentionCommand };

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
  ): Promise<UpdateOutcome<UpdateAnswer>>;
  /**
   * Starts another run of a closed audition and waits for its first result. Idempotent by `updateId`, also after that
   * run has ended. Returns `running` when a workflow of the audition runs: another request has started it, or it still
   * undoes what was arranged before the audition was closed. It can also be a simultaneous call with the same
   * `updateId`, which `findReopening` finds.
   */
  reopen(
    plan: AuditionPlan,
    command: ReopenCommand,
    updateId: string,
  ): Promise<UpdateOutcome<FirstResult> | { readonly kind: 'running' }>;
  /** Waits for the first result of an earlier `reopen`. Returns undefined when the last run has no such update. */
  findReopening(id: AuditionId, updateId: string): Promise<UpdateOutcome<FirstResult> | undefined>;
  /** Waits a few seconds for the end of the workflow. Returns whether it has ended. */
  waitForEnd(id: AuditionId): Promise<boolean>;
  /** Returns the plan with all changes of the cast; undefined when Temporal does not have the workflow any more. */
  readPlan(id: AuditionId): Promise<AuditionPlan | undefined>;
  /** Returns whether the workflow exists, running or closed. Needs no worker. */
  exists(id: AuditionId): Promise<boolean>;
  /** Queries the workflow for its current state, which is ahead of the read model. */
  queryView(id: AuditionId): Promise<AuditionView | undefined>;
  /** Like `queryView`, but only for a running workflow of this organization; otherwise undefined. */
  queryRunningView(organization: OrganizationId, id: AuditionId): Promise<AuditionView | undefined>;
}

/** Constant, so that repeated starts of one audition share one update. */
const firstResultUpdateId = 'first-result';

/** A closed audition whose bookings are undone needs no longer than this, unless a provider is down. */
const endTimeoutMs = 5_000;

const startOptions = (
  input: AuditionInput,
  { state, correlationId }: { readonly state: AuditionState; readonly correlationId: string },
) => ({
  args: [input],
  workflowId: auditionWorkflowId(input.plan.id),
  typedSearchAttributes: new TypedSearchAttributes([
    { key: searchAttributes.organization, value: input.plan.organization },
    { key: searchAttributes.project, value: input.plan.project.id },
    { key: searchAttributes.role, value: input.plan.role.id },
    { key: searchAttributes.state, value: state },
    { key: searchAttributes.correlation, value: correlationId },
  ]),
  memo: { organization: input.plan.organization, correlationId },
  staticSummary: summaryOf(input.plan),
});

const startAuditionUpdate = (
  handle: WorkflowHandle,
  message: AuditionUpdateMessage,
  updateId: string,
): Promise<WorkflowUpdateHandle<UpdateAnswer>> => {
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
    case 'participants':
      return handle.startUpdate(participantsUpdate, { args: [message.command], ...options });
    case 'meeting':
      return handle.startUpdate(meetingUpdate, { args: [message.command], ...options });
    case 'resolve':
      return handle.startUpdate(resolveAttentionUpdate, { args: [message.command], ...options });
  }
};

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
  const updates = createUpdateOutcomes(temporal, timeouts);
  const handleOf = (id: AuditionId) => temporal.workflow.getHandle(auditionWorkflowId(id));

  const startWithUpdate = (
    updateId: string,
    options: Omit<ConstructorParameters<typeof WithStartWorkflowOperation>[1], 'taskQueue'>,
  ) =>
    updates.send(() =>
      temporal.workflow.startUpdateWithStart(firstResultUpdate, {
        updateId,
        waitForStage: 'ACCEPTED',
        startWorkflowOperation: new WithStartWorkflowOperation(auditionWorkflowType, {
          taskQueue,
          ...options,
        }),
      }),
    );

  const viewOf = async (id: AuditionId): Promise<AuditionView | undefined> => {
    try {
      return await updates.withTimeout(timeouts.acceptedTimeoutMs, () => handleOf(id).query(viewQuery));
    } catch (error) {
      if (isWorkflowGone(error)) return undefined;
      throw error;
    }
  };

  /** Needs no worker. Throws `WorkflowNotFoundError`. */
  const describeWorkflow = (id: AuditionId) =>
    updates.withTimeout(timeouts.acceptedTimeoutMs, () => handleOf(id).describe());

  return {
    start: (plan) =>
      startWithUpdate(firstResultUpdateId, {
        ...startOptions({ plan }, { state: 'requested', correlationId: plan.correlationId }),
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      }),
    sendUpdate: (id, message, updateId) =>
      updates.send(() => startAuditionUpdate(handleOf(id), message, updateId)),
    reopen: async (plan, command, updateId) => {
      const outcome = await startWithUpdate(updateId, {
        ...startOptions(
          { plan, takeover: { cause: 'reopen', command } },
          {
            state: command.to === 'decision' ? 'awaiting_decision' : 'scheduling',
            correlationId: command.correlationId,
          },
        ),
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        // The server still returns the result of an update that it knows by its ID. With USE_EXISTING, a request would
        // get the first result of a run that another request has started.
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      });
      return outcome.kind === 'ended' ? { kind: 'running' } : outcome;
    },
    findReopening: async (id, updateId) => {
      const handle = handleOf(id).getUpdateHandle<FirstResult>(updateId);
      const outcome = await updates.await(handle);
      return outcome.kind === 'ended' ? undefined : outcome;
    },
    waitForEnd: async (id) => {
      try {
        await updates.withTimeout(endTimeoutMs, () => handleOf(id).result());
        return true;
      } catch (error) {
        if (error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError) return true;
        if (isDeadlineOver(error)) return false;
        throw error;
      }
    },
    readPlan: (id) =>
      updates.withTimeout(timeouts.acceptedTimeoutMs, () => readStoredPlan(temporal, handleOf(id))),
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
