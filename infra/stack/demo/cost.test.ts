import proto from '@temporalio/proto';
import { expect, it } from 'vitest';
import { costOf } from './cost.ts';

const { HistoryEvent } = proto.temporal.api.history.v1;

const marker = (workflowTaskCompletedEventId: number) => ({
  markerRecordedEventAttributes: { markerName: 'core_local_activity', workflowTaskCompletedEventId },
});

it('costOf counts each attempt of an activity, and the local activities of one task as one action', () => {
  const history = [
    { workflowExecutionStartedEventAttributes: {} },
    { workflowExecutionUpdateAcceptedEventAttributes: {} },
    marker(4),
    marker(4),
    marker(9),
    { activityTaskScheduledEventAttributes: {} },
    { activityTaskStartedEventAttributes: { attempt: 3 } },
    { activityTaskCompletedEventAttributes: {} },
    { timerStartedEventAttributes: {} },
    { workflowTaskStartedEventAttributes: {} },
  ];
  const cost = costOf(history.map((event) => HistoryEvent.fromObject(event)));
  expect(cost).toEqual({ events: 10, activities: 1, localActivities: 3, retries: 2, billableActions: 8 });
});

it('costOf returns zero for an empty history', () => {
  expect(costOf([])).toEqual({
    events: 0,
    activities: 0,
    localActivities: 0,
    retries: 0,
    billableActions: 0,
  });
});
