/** Options of the reconciliation activities. */
import { proxyActivities } from '@temporalio/workflow';
import { type ReconciliationActivities, workflowTaskQueue } from '../../activities/contract.ts';
import { taskQueue } from '../task-queues.ts';

/**
 * Returns the reconciliation activities. They only read, or repeat what is done already, so a failed attempt is tried
 * again. After the deadline the workflow fails, and the schedule starts the next one.
 */
export const reconciliationActivities = (summary: string) =>
  proxyActivities<ReconciliationActivities>({
    taskQueue: taskQueue(workflowTaskQueue),
    startToCloseTimeout: '2 minutes',
    heartbeatTimeout: '20 seconds',
    scheduleToCloseTimeout: '10 minutes',
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
    summary,
  });
