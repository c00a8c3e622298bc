/** Describes the events of a history in words. */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';
import { z } from 'zod';

export type HistoryEvent = NonNullable<History['events']>[number];

const { EventType } = proto.temporal.api.enums.v1;

/** Returns the id of the event as a number. */
export const eventIdOf = (event: HistoryEvent): number => Number(String(event.eventId));

/** Returns the type of the event as the Web UI shows it, such as `ActivityTaskScheduled`. */
export const eventTypeOf = (event: HistoryEvent): string => {
  const name = EventType[event.eventType ?? 0] ?? '';
  return name
    .replace('EVENT_TYPE_', '')
    .toLowerCase()
    .replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
};

/** Returns what the workflow did, or which input it received, when this event was recorded. */
export const describeEvent = (event: HistoryEvent): string => {
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (scheduled)
    return `schedule the activity ${scheduled.activityType?.name} on ${scheduled.taskQueue?.name}`;
  const timer = event.timerStartedEventAttributes;
  if (timer) return `start a timer of ${secondsOf(timer.startToFireTimeout)} s`;
  const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
  if (child) return `start the child workflow ${child.workflowType?.name} as ${child.workflowId}`;
  const marker = event.markerRecordedEventAttributes;
  if (marker) return localActivityOf(event) ?? `record the marker ${marker.markerName}`;
  return eventDescriptions[eventTypeOf(event)] ?? eventTypeOf(event);
};

/** The Duration of protobuf. */
interface Duration {
  readonly seconds?: { toString(): string } | null;
  readonly nanos?: number | null;
}

const secondsOf = (duration: Duration | null | undefined): number =>
  Number(duration?.seconds?.toString() ?? 0) + (duration?.nanos ?? 0) / 1e9;

const eventDescriptions: Readonly<Record<string, string>> = {
  WorkflowTaskCompleted: 'complete a workflow task',
  TimerCanceled: 'cancel a timer',
  ActivityTaskCancelRequested: 'cancel an activity',
  WorkflowExecutionCompleted: 'complete the workflow',
  WorkflowExecutionFailed: 'fail the workflow',
  WorkflowExecutionCanceled: 'end the workflow as cancelled',
  WorkflowExecutionContinuedAsNew: 'continue as new',
  UpsertWorkflowSearchAttributes: 'set search attributes',
  WorkflowPropertiesModified: 'change the memo',
  SignalExternalWorkflowExecutionInitiated: 'signal another workflow',
  RequestCancelExternalWorkflowExecutionInitiated: 'cancel another workflow',
  WorkflowExecutionUpdateAccepted: 'accept an update',
  WorkflowExecutionUpdateCompleted: 'answer an update',
};

/** The SDK writes these details itself, unencrypted. */
const localActivitySchema = z.object({ activity_type: z.string() });

/** Returns the local activity whose completion this marker records. */
const localActivityOf = (event: HistoryEvent): string | undefined => {
  const marker = event.markerRecordedEventAttributes;
  const data = marker?.details?.['data']?.payloads?.[0]?.data;
  if (marker?.markerName !== 'core_local_activity' || !data) return undefined;
  const parsed = localActivitySchema.safeParse(JSON.parse(Buffer.from(data).toString('utf8')));
  return parsed.data && `run the local activity ${parsed.data.activity_type}`;
};
