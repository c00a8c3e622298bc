/** Compares what the API shows with the workflows in Temporal. */
import { isDeepStrictEqual } from 'node:util';
import { isGrpcServiceError, type WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { AuditionView } from '../../../domain/audition/view.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';
import { viewQuery } from '../../../workflows/audition/messages.ts';
import type { KnownAudition, Sources } from './sources.ts';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;
const running = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
const failed = [
  WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED,
  WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TIMED_OUT,
];

/** Returns the disagreements. */
export const temporalDisagreements = async (
  sources: Sources,
  auditions: readonly KnownAudition[],
): Promise<readonly string[]> => [
  ...(await Promise.all(auditions.map((audition) => compareWorkflow(sources, audition)))).flat(),
  ...(await unknownWorkflows(sources, auditions)),
];

const compareWorkflow = async (
  { temporal }: Sources,
  { view, trail }: KnownAudition,
): Promise<readonly string[]> => {
  const workflowId = auditionWorkflowId(view.id);
  const { namespace } = temporal.options;
  const execution = { workflowId };
  const described = await temporal.workflowService
    .describeWorkflowExecution({ namespace, execution })
    .catch((error: unknown) => {
      if (isGrpcServiceError(error)) return undefined;
      throw error;
    });
  if (!described) return [`${view.id}: Temporal does not know the workflow`];
  const status = described.workflowExecutionInfo?.status ?? running;
  const statusName = WorkflowExecutionStatus[status];
  if (failed.includes(status)) {
    const cause = await causeOf(temporal.workflow.getHandle(workflowId));
    return [`${view.id}: its workflow is ${statusName}: ${cause}`];
  }
  if (view.state === 'closed') {
    return status === running ? [`${view.id}: is closed, and its workflow runs`] : [];
  }
  if (status !== running) return [`${view.id}: is ${view.state}, and its workflow is ${statusName}`];
  const activities = described.pendingActivities ?? [];
  const attempt = described.pendingWorkflowTask?.attempt ?? 0;
  const known = await temporal.workflow.getHandle(workflowId).query(viewQuery);
  const wasTakenOver = trail.some(({ fact }) => fact.type === 'taken_over');
  return [
    ...activities.map(({ activityType }) => `${view.id}: ${activityType?.name} is in progress`),
    ...(attempt > 1 ? [`${view.id}: its workflow task fails`] : []),
    ...differences(view, known, wasTakenOver),
  ];
};

/** Returns the messages of the failure and its causes. */
const causeOf = async (handle: WorkflowHandle): Promise<string> => {
  const error = await handle.result().catch((reason: unknown) => reason);
  const messages: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) messages.push(cause.message);
  return messages.join(': ');
};

/** The order of facts can differ: an activity appends before its workflow knows. */
const differences = (shown: AuditionView, known: AuditionView, wasTakenOver: boolean): readonly string[] =>
  (['state', 'outcome', 'revision', 'slot', 'meeting', 'announcedAs', 'attention'] as const)
    .filter((field) => !isDeepStrictEqual(plain(shown[field]), plain(known[field])))
    .map(
      (field) =>
        `${shown.id}: the API shows ${field} ${JSON.stringify(shown[field])}, the workflow ${JSON.stringify(known[field])}`,
    )
    .concat(
      noticeDifferences(shown, known, wasTakenOver).map((difference) => `${shown.id}: ${difference}`),
      isDeepStrictEqual(answersOf(shown), answersOf(known))
        ? []
        : [`${shown.id}: the API and the workflow disagree about the answers`],
    );

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify({ value }));
const idsIn = ({ notices }: AuditionView): ReadonlySet<string> =>
  new Set(notices.map(({ deliveryId }) => deliveryId));

/**
 * A move withdraws the notices that are being sent. When the worker that sends one is killed, its workflow never learns
 * that the notice of the earlier slot was sent after all. The same holds for a notice that the run before a take-over
 * was still sending. The trail says it.
 */
const noticeDifferences = (
  shown: AuditionView,
  known: AuditionView,
  wasTakenOver: boolean,
): readonly string[] => {
  const [shownIds, knownIds] = [idsIn(shown), idsIn(known)];
  return [
    ...shown.notices
      .filter(
        ({ deliveryId, revision }) =>
          !wasTakenOver && !knownIds.has(deliveryId) && revision >= known.revision,
      )
      .map(({ notice, participant }) => `the workflow does not know the ${notice} to ${participant}`),
    ...known.notices
      .filter(({ deliveryId }) => !shownIds.has(deliveryId))
      .map(({ notice, participant }) => `the API does not show the ${notice} to ${participant}`),
  ];
};
const answersOf = ({ participants }: AuditionView) =>
  participants.map(({ id, answer, checkedIn }) => `${id} ${answer} ${checkedIn}`).sort();

/** Workflows that run for an audition of which the API knows nothing. */
const unknownWorkflows = async (
  { temporal, taskQueue }: Sources,
  auditions: readonly KnownAudition[],
): Promise<readonly string[]> => {
  const known = new Set<string>(auditions.map(({ view }) => auditionWorkflowId(view.id)));
  const query = `TaskQueue = '${taskQueue}' AND WorkflowType = 'audition' AND ExecutionStatus = 'Running'`;
  const unknown: string[] = [];
  for await (const { workflowId } of temporal.workflow.list({ query })) {
    if (!known.has(workflowId)) unknown.push(`${workflowId} runs, and the API does not list the audition`);
  }
  return unknown;
};
