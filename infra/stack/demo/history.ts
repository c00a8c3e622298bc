/**
 * Follows the history of a running workflow and extracts its activities with task queue, attempts and
 * duration.
 */
import type { Client } from '@temporalio/client';
import proto, { type temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

export interface ActivityLine {
  readonly activity: string;
  readonly taskQueue: string;
  readonly attempts: number;
  readonly durationMs: number;
  readonly outcome: 'done' | 'failed' | 'timed out' | 'cancelled';
}

const everyEvent = proto.temporal.api.enums.v1.HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT;

/** Yields each event as soon as it is written, by long poll. Ends when the workflow ends. */
export async function* followHistory(
  client: Client,
  namespace: string,
  workflowId: string,
): AsyncGenerator<HistoryEvent> {
  const { workflowService } = client.connection;
  let nextPageToken: Uint8Array | null | undefined;
  do {
    const page = await workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId },
      waitNewEvent: true,
      historyEventFilterType: everyEvent,
      ...(nextPageToken ? { nextPageToken } : {}),
    });
    yield* page.history?.events ?? [];
    nextPageToken = page.nextPageToken;
  } while (nextPageToken && nextPageToken.length > 0);
}

/**
 * Returns a function that must get all events of a history in order. It returns a line for each activity that
 * has ended.
 */
export const createActivityReader = () => {
  const scheduled = new Map<string, { activity: string; taskQueue: string; at: number }>();
  const attempts = new Map<string, number>();

  const ended = (
    id: unknown,
    event: HistoryEvent,
    outcome: ActivityLine['outcome'],
  ): ActivityLine | undefined => {
    const start = scheduled.get(String(id));
    if (!start) return undefined;
    const { activity, taskQueue, at } = start;
    return {
      activity,
      taskQueue,
      outcome,
      attempts: attempts.get(String(id)) ?? 1,
      durationMs: timeOf(event) - at,
    };
  };

  return (event: HistoryEvent): ActivityLine | undefined => {
    const scheduling = event.activityTaskScheduledEventAttributes;
    if (scheduling) {
      scheduled.set(String(event.eventId), {
        activity: scheduling.activityType?.name ?? '',
        taskQueue: scheduling.taskQueue?.name ?? '',
        at: timeOf(event),
      });
    }
    const started = event.activityTaskStartedEventAttributes;
    if (started) attempts.set(String(started.scheduledEventId), started.attempt ?? 1);
    const { activityTaskCompletedEventAttributes: done, activityTaskFailedEventAttributes: failed } = event;
    const { activityTaskTimedOutEventAttributes: late, activityTaskCanceledEventAttributes: cancelled } =
      event;
    if (done) return ended(done.scheduledEventId, event, 'done');
    if (failed) return ended(failed.scheduledEventId, event, 'failed');
    if (late) return ended(late.scheduledEventId, event, 'timed out');
    if (cancelled) return ended(cancelled.scheduledEventId, event, 'cancelled');
    return undefined;
  };
};

const timeOf = ({ eventTime }: HistoryEvent): number =>
  Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1_000_000;
