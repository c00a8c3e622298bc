/** What an audition cost, counted from its history. */
import type { temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

export interface Cost {
  readonly events: number;
  readonly activities: number;
  readonly localActivities: number;
  /** Activities' second and later attempts. */
  readonly retries: number;
  readonly billableActions: number;
}

/**
 * Billable actions as Temporal Cloud counts them: the start, each attempt of an activity, each timer, signal, update
 * and search attribute update; the local activities of one workflow task together are one. An estimate: heartbeats
 * and queries leave no event.
 * https://docs.temporal.io/cloud/actions
 */
export const costOf = (history: readonly HistoryEvent[]): Cost => {
  const count = (is: (event: HistoryEvent) => unknown) =>
    history.filter((event) => Boolean(is(event))).length;
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
