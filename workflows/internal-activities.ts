/**
 * The activities on our own database: quick, hardly ever failing, and waited for as long as the database is away.
 */
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
 * Those of an audition. They share the workflow's own queue, so that the server hands them out with the answer to the
 * workflow task that asked for them (eager execution). They are no local activities, though these would save three
 * events each. Measured and read in SDK 1.24: two side by side end in another order when they are replayed
 * (https://github.com/temporalio/sdk-python/issues/1578); a query that comes while one runs, the Web UI's included,
 * splits its workflow task, and the history cannot be replayed (sdk-core, `managed_run.rs`); and what one has written
 * when its workflow task is lost contradicts the second run of that task.
 */
export const internalActivities = (summary: string) =>
  proxyActivities<InternalActivities>(options(workflowTaskQueue, summary));

/** Those of the webhook endpoints. */
export const endpointRecords = (summary: string) =>
  proxyActivities<Pick<PlatformActivities, 'disableEndpoint'>>(options(platformTaskQueue, summary));
