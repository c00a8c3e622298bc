/** What a workflow waits for, as its server describes it, and skips of time that lose none of it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

type PendingWork =
  | { readonly kind: 'work' }
  | { readonly kind: 'nothing'; readonly historyLength: number }
  /** Every pending activity has failed and waits. `nextAttemptMs`: the earliest next attempt, epoch milliseconds. */
  | { readonly kind: 'backoff'; readonly nextAttemptMs: number };

type PendingActivity = proto.temporal.api.workflow.v1.IPendingActivityInfo;
type RetryPolicy = proto.temporal.api.common.v1.IRetryPolicy;

/** Returns whether a workflow has pending work, only waits for retries, or has neither. */
export const pendingWorkOf = async (handle: WorkflowHandle): Promise<PendingWork> => {
  const { raw, historyLength } = await handle.describe();
  const { pendingActivities, pendingWorkflowTask } = raw;
  if (pendingWorkflowTask) return { kind: 'work' };
  const pending = pendingActivities ?? [];
  if (pending.length === 0) return { kind: 'nothing', historyLength };
  if (!pending.every(isWaiting)) return { kind: 'work' };
  const policies = await retryPoliciesOf(handle);
  const next = pending.map((activity) => nextAttemptOf(activity, policies.get(activity.activityId ?? '')));
  return { kind: 'backoff', nextAttemptMs: Math.min(...next) };
};

/** The time-skipping server reports an activity that waits for its next attempt as started, so the state says nothing. */
const isWaiting = ({ lastStartedTime, lastAttemptCompleteTime }: PendingActivity): boolean =>
  !!lastStartedTime &&
  !!lastAttemptCompleteTime &&
  tsToMs(lastAttemptCompleteTime) >= tsToMs(lastStartedTime);

const retryPoliciesOf = async (handle: WorkflowHandle): Promise<ReadonlyMap<string, RetryPolicy>> => {
  const { events } = await handle.fetchHistory();
  return new Map(
    (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityId && scheduled.retryPolicy ? [[scheduled.activityId, scheduled.retryPolicy]] : [],
    ),
  );
};

/** https://docs.temporal.io/encyclopedia/retry-policies: the attempts are doubled intervals apart, unless a failure says more. */
const nextAttemptOf = (
  { attempt, lastAttemptCompleteTime, lastFailure }: PendingActivity,
  { initialInterval, backoffCoefficient, maximumInterval }: RetryPolicy = {},
): number => {
  const given = lastFailure?.applicationFailureInfo?.nextRetryDelay;
  const first = initialInterval ? tsToMs(initialInterval) : 1_000;
  const longest = maximumInterval ? tsToMs(maximumInterval) : 100 * first;
  const grown = Math.min(first * (backoffCoefficient || 2) ** Math.max((attempt ?? 2) - 2, 0), longest);
  return tsToMs(lastAttemptCompleteTime) + (given ? tsToMs(given) : grown);
};

/** Returns whether no activity and no workflow task is pending. Reads the history, because the server describes no tasks. */
export const isIdle = async (handle: WorkflowHandle): Promise<boolean> => {
  const { events } = await handle.fetchHistory();
  const lastOf = (...types: readonly number[]) =>
    events?.findLastIndex(({ eventType }) => types.includes(eventType ?? 0)) ?? -1;
  const scheduled = lastOf(EVENT_TYPE_WORKFLOW_TASK_SCHEDULED);
  const finished = lastOf(
    EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EVENT_TYPE_WORKFLOW_TASK_FAILED,
    EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
  );
  if (scheduled > finished || (await pendingWorkOf(handle)).kind === 'work') return false;
  return (await handle.describe()).historyLength === events?.length;
};

const {
  EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
  EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
  EVENT_TYPE_WORKFLOW_TASK_FAILED,
  EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
} = proto.temporal.api.enums.v1.EventType;

/**
 * The time-skipping server also skips while an activity waits for a worker, up to the timeout of the activity. On a
 * busy machine, an activity would therefore time out. So time is skipped only while no work is pending, and in steps
 * shorter than the timeouts of work that becomes due within a step (20 minutes).
 */
const longestStep = 8 * 60_000;
/**
 * What passes between the reading of the time and the skip. The next attempt must begin after the skip. A busy machine needs
 * longer: as many times as long as the reading took.
 */
const marginMs = 250;
const marginReadings = 10;

/** Returns a function that waits for pending work, or skips some time, at most the given milliseconds. */
export const createAdvance = (environment: TestWorkflowEnvironment) => {
  /** The length of each history when its workflow was idle. While no event is added, it is not fetched again. */
  const idleAt = new WeakMap<WorkflowHandle, number>();

  /** A workflow whose first task is running has no pending work yet. */
  const isIdleAt = async (handle: WorkflowHandle, historyLength: number): Promise<boolean> => {
    if (idleAt.get(handle) === historyLength) return true;
    if (!(await isIdle(handle))) return false;
    idleAt.set(handle, historyLength);
    return true;
  };

  return async (handle: WorkflowHandle, atMostMs = longestStep): Promise<void> => {
    const work = await pendingWorkOf(handle);
    if (work.kind === 'work') return pause(5);
    if (work.kind === 'nothing') {
      const { historyLength } = work;
      if (!(await isIdleAt(handle, historyLength))) return pause(5);
      return environment.sleep(Math.min(longestStep, atMostMs));
    }
    const began = performance.now();
    const now = await environment.currentTimeMs();
    const margin = marginMs + marginReadings * (performance.now() - began);
    const left = work.nextAttemptMs - margin - now;
    return left > 0 ? environment.sleep(Math.min(left, longestStep, atMostMs)) : pause(5);
  };
};
