/** Finds in histories the tasks that a worker received and did not finish. */
import { tsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;
const { TimeoutType } = proto.temporal.api.enums.v1;

export interface TaskLosses {
  /** The kind of timeout of each workflow task that timed out, and the time at which the task was scheduled. */
  readonly workflowTasks: readonly string[];
  /** The name of each activity that timed out or was repeated, the reason, and when the activity was scheduled. */
  readonly activities: readonly string[];
  /** The longest time from the moment a task was scheduled until it ended, in milliseconds. */
  readonly longestTaskMs: number;
}

/** Returns the lost tasks of a workflow. A history has no events of an activity that waits for its next attempt. */
export const taskLossesIn = (history: readonly HistoryEvent[]): TaskLosses => {
  const scheduled = new Map(history.map((event) => [String(event.eventId), event]));
  const scheduledBy = (event: HistoryEvent) => scheduled.get(String(endedTask(event)?.scheduledEventId));
  const durations = history.map((event) => {
    const start = scheduledBy(event);
    return start ? tsToMs(event.eventTime) - tsToMs(start.eventTime) : 0;
  });
  const lost = history.flatMap((event) => {
    const kind = lossOf(event);
    const start = scheduledBy(event);
    if (kind === undefined || !start) return [];
    return [{ reason: `${kind}, scheduled ${new Date(tsToMs(start.eventTime)).toISOString()}`, start }];
  });
  const nameOf = (event: HistoryEvent) => event.activityTaskScheduledEventAttributes?.activityType?.name;
  return {
    workflowTasks: lost.flatMap(({ reason, start }) => (nameOf(start) === undefined ? [reason] : [])),
    activities: lost.flatMap(({ reason, start }) =>
      nameOf(start) === undefined ? [] : [`${nameOf(start)}: ${reason}`],
    ),
    longestTaskMs: Math.max(0, ...durations),
  };
};

/** Returns the attributes of an event that starts or ends a task. */
const endedTask = (event: HistoryEvent) =>
  event.workflowTaskCompletedEventAttributes ??
  event.workflowTaskFailedEventAttributes ??
  event.workflowTaskTimedOutEventAttributes ??
  event.activityTaskStartedEventAttributes ??
  event.activityTaskCompletedEventAttributes ??
  event.activityTaskFailedEventAttributes ??
  event.activityTaskTimedOutEventAttributes;

const lossOf = (event: HistoryEvent): string | undefined => {
  const timeout = event.workflowTaskTimedOutEventAttributes;
  if (timeout) return timeoutName(timeout.timeoutType);
  if (event.activityTaskTimedOutEventAttributes) return 'timed out';
  const { attempt, lastFailure } = event.activityTaskStartedEventAttributes ?? {};
  if ((attempt ?? 1) < 2) return undefined;
  const reason = lastFailure?.timeoutFailureInfo
    ? timeoutName(lastFailure.timeoutFailureInfo.timeoutType)
    : lastFailure?.applicationFailureInfo?.type;
  return `attempt ${attempt} after ${reason}`;
};

const timeoutName = (type: number | null | undefined): string => TimeoutType[type ?? 0] ?? String(type);
