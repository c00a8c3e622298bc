/** Reads from a history how long each task took, and which tasks were lost by a worker. */
import { tsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;
const { TimeoutType } = proto.temporal.api.enums.v1;

/** An activity or a workflow task that has ended. */
export interface EndedTask {
  /** The name of the activity, or `workflow task`. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly scheduledAt: number;
  /** Milliseconds from the moment it was scheduled until its end, with all attempts. */
  readonly durationMs: number;
  /** Why the task timed out or was repeated; undefined when its first attempt ended it. */
  readonly loss: string | undefined;
}

/** Returns the tasks of a history that have ended. */
export const endedTasksIn = (history: readonly HistoryEvent[]): readonly EndedTask[] => {
  const byId = new Map(history.map((event) => [String(event.eventId), event]));
  return history.flatMap((event) => {
    const end = endOf(event);
    const scheduled = byId.get(String(end?.scheduledEventId));
    if (!scheduled) return [];
    const scheduledAt = tsToMs(scheduled.eventTime);
    return [
      {
        name: scheduled.activityTaskScheduledEventAttributes?.activityType?.name ?? 'workflow task',
        scheduledAt,
        durationMs: tsToMs(event.eventTime) - scheduledAt,
        loss: timeoutOf(event) ?? repetitionOf(byId.get(String(end?.startedEventId))),
      },
    ];
  });
};

/** Returns the attributes of an event that ends a task. */
const endOf = (event: HistoryEvent) =>
  event.workflowTaskCompletedEventAttributes ??
  event.workflowTaskFailedEventAttributes ??
  event.workflowTaskTimedOutEventAttributes ??
  event.activityTaskCompletedEventAttributes ??
  event.activityTaskFailedEventAttributes ??
  event.activityTaskTimedOutEventAttributes;

const timeoutOf = (event: HistoryEvent): string | undefined => {
  if (event.activityTaskTimedOutEventAttributes) return 'timed out';
  const timeout = event.workflowTaskTimedOutEventAttributes;
  return timeout ? nameOfTimeout(timeout.timeoutType) : undefined;
};

const repetitionOf = (started: HistoryEvent | undefined): string | undefined => {
  const { attempt, lastFailure } = started?.activityTaskStartedEventAttributes ?? {};
  if ((attempt ?? 1) < 2) return undefined;
  const timeout = lastFailure?.timeoutFailureInfo;
  return timeout ? nameOfTimeout(timeout.timeoutType) : (lastFailure?.message ?? 'unknown');
};

const nameOfTimeout = (type: number | null | undefined): string => TimeoutType[type ?? 0] ?? String(type);
