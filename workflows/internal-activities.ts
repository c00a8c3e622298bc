/** The activities on our own database. They are fast and are retried without limit while the database is down. */
import { proxyActivities } from '@temporalio/workflow';
import {
  type InternalActivities,
  type PlatformActivities,
  platformTaskQueue,
  type TaskQueue,
  workflowTaskQueue,
} from '../activities/contract.ts';
import { taskQueue } from './task-queues.ts';

const options = (queue: TaskQueue, summary: string) => ({
  taskQueue: taskQueue(queue),
  startToCloseTimeout: '20 seconds' as const,
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' } as const,
  summary,
});

/**
 * Returns the internal activities of an audition. They use the workflow's own task queue, so that the server returns
 * them in the response to the workflow task that scheduled them (eager execution).
 *
 * They are not local activities, although these would save three events each. Observed in SDK 1.24:
 * - Two concurrent local activities can complete in another order at replay
 *   (https://github.com/temporalio/sdk-python/issues/1578).
 * - A query during a local activity, including queries of the Web UI, splits its workflow task. The history can then
 *   not be replayed (sdk-core, `managed_run.rs`).
 * - When the workflow task is lost, the data that the local activity has written contradicts the task's second run.
 */
export const internalActivities = (summary: string) =>
  proxyActivities<InternalActivities>(options(workflowTaskQueue, summary));

/** Returns the internal activities of webhook endpoints. */
export const endpointRecords = (summary: string) =>
  proxyActivities<Pick<PlatformActivities, 'disableEndpoint'>>(options(platformTaskQueue, summary));
