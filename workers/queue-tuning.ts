/**
 * Sets the rate, concurrency and pollers of each task queue. The Temporal server enforces the rate of a queue for all
 * workers together, so it applies to any number of processes. In steady state it is divided over the partitions of the
 * queue. The rate is the vendor's documented limit, if there is one. A 429 is still possible; the activity handles it.
 */
import type { WorkerOptions } from '@temporalio/worker';
import { type TaskQueue, workflowTaskQueue } from '../activities/contract.ts';
import { vendorTaskQueues } from '../providers/catalog.ts';

export interface QueueTuning
  extends Pick<WorkerOptions, 'maxTaskQueueActivitiesPerSecond' | 'activityTaskPollerBehavior'> {
  /** The maximum number of concurrent activities per process. */
  readonly concurrentActivities: number;
}

/** One open poll while the queue is idle, and more when the server reports a backlog. */
const autoscalingPoller = (maximum: number): QueueTuning['activityTaskPollerBehavior'] => ({
  type: 'autoscaling',
  minimum: 1,
  initial: 2,
  maximum,
});

/** Workflows and internal activities: limited by the database pool, not by a quota. */
const workflowTuning: QueueTuning = {
  concurrentActivities: 50,
  activityTaskPollerBehavior: autoscalingPoller(5),
};

/** Webhook endpoints have no common quota. A slow receiver occupies a slot for at most 15 s. */
const platformTuning: QueueTuning = {
  concurrentActivities: 100,
  activityTaskPollerBehavior: autoscalingPoller(10),
};

/** Returns the tuning of a task queue. The tuning of the vendors' queues comes from `providers/catalog.ts`. */
export const tuningOf = (queue: TaskQueue): QueueTuning => {
  if (queue === workflowTaskQueue) return workflowTuning;
  const vendor = vendorTaskQueues.find(({ name }) => name === queue);
  if (!vendor) return platformTuning;
  return {
    maxTaskQueueActivitiesPerSecond: vendor.perSecond,
    concurrentActivities: vendor.concurrency,
    activityTaskPollerBehavior: autoscalingPoller(10),
  };
};
