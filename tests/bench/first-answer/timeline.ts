/** Splits the time of a request into parts, by the events of its workflow's history. */
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { AuditionId } from '../../../domain/ids.ts';
import { auditionWorkflowId } from '../../../domain/workflow-ids.ts';

/** The parts of a request, in their order. They add up to its whole time. */
export const answerParts = [
  { part: 'admission', name: 'request until the workflow is started' },
  { part: 'firstTaskWait', name: 'first workflow task waits for a worker' },
  { part: 'firstTask', name: 'first workflow task' },
  { part: 'claimWait', name: 'claim waits for a worker' },
  { part: 'claim', name: 'claim: calendars read, slot held' },
  { part: 'secondTaskWait', name: 'second workflow task waits for a worker' },
  { part: 'secondTask', name: 'second workflow task, which answers the update' },
  { part: 'answer', name: 'answered update until the 201' },
] as const;

export type AnswerPart = (typeof answerParts)[number]['part'];

const { EventType } = proto.temporal.api.enums.v1;
type EventType = proto.temporal.api.enums.v1.EventType;

/**
 * Returns the milliseconds of each part.
 * @param began when the request was sent, in epoch milliseconds; likewise `ended`
 * @throws when the history has no such events
 */
export const readTimeline = async (
  client: Client,
  id: AuditionId,
  { began, ended }: { readonly began: number; readonly ended: number },
): Promise<Record<AnswerPart, number>> => {
  const { events } = await client.workflow.getHandle(auditionWorkflowId(id)).fetchHistory();
  const timesOf = (type: EventType): readonly number[] =>
    (events ?? [])
      .filter(({ eventType }) => eventType === type)
      .map(({ eventTime }) => Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6);
  const nth = (type: EventType, index: number): number => {
    const time = timesOf(type)[index];
    if (time === undefined)
      throw new Error(`the history of ${id} has no event ${EventType[type]} ${index + 1}`);
    return time;
  };
  const moments = [
    began,
    nth(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, 0),
    nth(EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED, 0),
    nth(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, 0),
    nth(EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED, 0),
    nth(EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, 0),
    nth(EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED, 1),
    nth(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, 1),
    ended,
  ];
  const lengthOf = (index: number) => (moments[index + 1] ?? 0) - (moments[index] ?? 0);
  return {
    admission: lengthOf(0),
    firstTaskWait: lengthOf(1),
    firstTask: lengthOf(2),
    claimWait: lengthOf(3),
    claim: lengthOf(4),
    secondTaskWait: lengthOf(5),
    secondTask: lengthOf(6),
    answer: lengthOf(7),
  };
};
