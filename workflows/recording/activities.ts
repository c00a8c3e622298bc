/** The activities of the recording workflow, with their queues, deadlines and retries. */
import { proxyActivities } from '@temporalio/workflow';
import {
  mediaTaskQueue,
  type RecordingActivities,
  type RecordingCall,
  workflowTaskQueue,
} from '../../activities/contract.ts';
import type { FileToStore } from '../../domain/recordings/recording.ts';
import { queueOfMeeting, taskQueue } from '../task-queues.ts';

/** Returns the activities that call the provider. The workflow waits out a longer outage. */
export const providerActivities = ({ provider, organization }: RecordingCall, summary: string) =>
  proxyActivities<Pick<RecordingActivities, 'findRecordings' | 'removeAtProvider'>>({
    taskQueue: taskQueue(queueOfMeeting(provider)),
    startToCloseTimeout: '40 seconds',
    scheduleToCloseTimeout: '20 minutes',
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
    priority: { fairnessKey: organization },
    summary,
  });

/**
 * Returns the activities that transfer files. A transfer of 20 GB takes hours on a slow line. The heartbeat detects a dead
 * worker within 20 s, and the next attempt continues.
 */
export const transferActivities = ({ organization }: RecordingCall, { format, size }: FileToStore) =>
  proxyActivities<Pick<RecordingActivities, 'storeFile' | 'discardFile'>>({
    taskQueue: taskQueue(mediaTaskQueue),
    startToCloseTimeout: '12 hours',
    scheduleToCloseTimeout: '1 day',
    heartbeatTimeout: '20 seconds',
    retry: { initialInterval: '2 seconds', maximumInterval: '5 minutes' },
    priority: { fairnessKey: organization },
    summary: `Store a file: ${format}, ${size === undefined ? 'unknown size' : `${Math.ceil(size / 1e6)} MB`}`,
  });

/** Returns the activities on our own database. They are retried without limit. */
export const recordActivities = (summary: string) =>
  proxyActivities<
    Pick<RecordingActivities, 'completeRecording' | 'raiseRecordingAttention' | 'settleRecordingAttention'>
  >({
    taskQueue: taskQueue(workflowTaskQueue),
    startToCloseTimeout: '20 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
    summary,
  });
