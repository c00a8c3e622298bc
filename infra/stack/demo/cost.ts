/** Counts the cost of an audition from its history. */
import type { temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

export interface Cost {
  readonly events: number;
  readonly activities: number;
  readonly localActivities: number;
  /** The number of second and later attempts of activities. */
  readonly retries: number;
  readonly billableActions: number;
}

/**
 * Returns the cost of a history. Billable actions follow Temporal Cloud: the start, each attempt of an
 * activity, each timer, signal, update and search attribute update. The local activities of one workflow task
 * count as one. The result is an estimate, because heartbeats and queries are not in the history.
 * https://docs.temporal.io/cloud/actions
 */
export const costOf = (history: readonly HistoryEvent[]): Cost => {
  const count = (matches: (event: HistoryEvent) => unknown) =>
    history.filter((event) => Boolean(matches(event))).length;
  const activities = count((event) => event.activityTaskScheduledEventAttributes);
  const retries = history.reduce(
    (sum, event) => sum + Math.max(0, (event.activityTaskStartedEventAttributes?.attempt ?? 1) - 1),
    0,
  );
  const markers = history.filter(
    (event) => event.markerRecordedEventAttributes?.markerName === 'core_local_activity',
  );
  const tasksWithMarkers = new Set(
    markers.map((event) => String(event.markerRecordedEventAttributes?.workflowTaskCompletedEventId)),
  );
  const others =
    count((event) => event.workflowExecutionStartedEventAttributes) +
    count((event) => event.timerStartedEventAttributes) +
    count((event) => event.workflowExecutionSignaledEventAttributes) +
    count((event) => event.workflowExecutionUpdateAcceptedEventAttributes) +
    count((event) => event.upsertWorkflowSearchAttributesEventAttributes) +
    count((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
  return {
    events: history.length,
    activities,
    localActivities: markers.length,
    retries,
    billableActions: others + activities + retries + tasksWithMarkers.size,
  };
};
