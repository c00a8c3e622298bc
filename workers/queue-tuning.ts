/**
 * How each task queue is served. The rate of a queue is held by the Temporal server for all workers together (in
 * steady state: it is divided over the queue's partitions), so it holds however many processes run. It is what the
 * vendor allows, where the vendor says; an answer of 429 is still possible and is handled by the activity.
 */
import type { WorkerOptions } from '@temporalio/worker';
import { type TaskQueue, workflowTaskQueue } from '../activities/contract.ts';
import { vendorTaskQueues } from '../providers/catalog.ts';

export type QueueTuning = Pick<
  WorkerOptions,
  'maxTaskQueueActivitiesPerSecond' | 'maxConcurrentActivityTaskExecutions' | 'activityTaskPollerBehavior'
>;

/** One open poll while nothing happens, more as the server reports a backlog. */
const autoscalingPoller = (maximum: number): QueueTuning['activityTaskPollerBehavior'] => ({
  type: 'autoscaling',
  minimum: 1,
  initial: 2,
  maximum,
});

/** Workflows, and quick steps against our own database: bounded by its pool, not by a quota. */
const workflowTuning: QueueTuning = {
  maxConcurrentActivityTaskExecutions: 50,
  activityTaskPollerBehavior: autoscalingPoller(5),
};

/** Each server takes what it can; a slow one holds up a slot for 15 s at most. */
const platformTuning: QueueTuning = {
  maxConcurrentActivityTaskExecutions: 100,
  activityTaskPollerBehavior: autoscalingPoller(10),
};

/** Returns how a worker serves a queue: the vendors' queues by the catalog. */
export const tuningOf = (queue: TaskQueue): QueueTuning => {
  if (queue === workflowTaskQueue) return workflowTuning;
  const vendor = vendorTaskQueues.find(({ name }) => name === queue);
  if (!vendor) return platformTuning;
  return {
    maxTaskQueueActivitiesPerSecond: vendor.perSecond,
    maxConcurrentActivityTaskExecutions: vendor.concurrency,
    activityTaskPollerBehavior: autoscalingPoller(10),
  };
};
