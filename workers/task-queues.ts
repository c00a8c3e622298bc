/**
 * How each task queue is served. The rate of a queue is held by the Temporal server for all workers together (in
 * steady state: it is divided over the queue's partitions), so it holds however many processes run. It is what the
 * vendor allows, where the vendor says; an answer of 429 is still possible and is handled by the activity.
 */
import type { WorkerOptions } from '@temporalio/worker';
import type { TaskQueue } from '../activities/contract.ts';

export type QueueTuning = Pick<
  WorkerOptions,
  'maxTaskQueueActivitiesPerSecond' | 'maxConcurrentActivityTaskExecutions' | 'activityTaskPollerBehavior'
>;

/** One open poll while nothing happens, more as the server reports a backlog. */
const polls = (maximum: number): QueueTuning['activityTaskPollerBehavior'] => ({
  type: 'autoscaling',
  minimum: 1,
  initial: 2,
  maximum,
});

export const queueTuning: Readonly<Record<TaskQueue, QueueTuning>> = {
  /** Workflows, and quick steps against our own database: bounded by its pool, not by a quota. */
  castmatch: {
    maxConcurrentActivityTaskExecutions: 50,
    activityTaskPollerBehavior: polls(5),
  },
  /** 10,000 requests a minute and project: https://developers.google.com/workspace/calendar/api/guides/quota */
  google: {
    maxTaskQueueActivitiesPerSecond: 160,
    maxConcurrentActivityTaskExecutions: 100,
    activityTaskPollerBehavior: polls(10),
  },
  /** Creating a meeting is "Medium", 20 a second on the Pro plan: https://developers.zoom.us/docs/api/rate-limits/ */
  zoom: {
    maxTaskQueueActivitiesPerSecond: 20,
    maxConcurrentActivityTaskExecutions: 40,
    activityTaskPollerBehavior: polls(10),
  },
  /** No rate is common to all mail servers; ours says 4xx when it is too much. As many as the pool can hold busy. */
  email: {
    maxTaskQueueActivitiesPerSecond: 100,
    maxConcurrentActivityTaskExecutions: 50,
    activityTaskPollerBehavior: polls(10),
  },
  /** Twilio queues what its senders cannot carry yet and limits concurrent requests, with error 20429: https://www.twilio.com/docs/api/errors/20429 */
  sms: {
    maxTaskQueueActivitiesPerSecond: 50,
    maxConcurrentActivityTaskExecutions: 50,
    activityTaskPollerBehavior: polls(10),
  },
  /** Each server takes what it can; a slow one holds up a slot for 15 s at most. */
  platform: {
    maxConcurrentActivityTaskExecutions: 100,
    activityTaskPollerBehavior: polls(10),
  },
};
