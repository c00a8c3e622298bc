/** The meeting activities, on the task queue of the provider. */
import { proxyActivities } from '@temporalio/workflow';
import type { MeetingActivities } from '../../activities/contract.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import { queueOfMeeting } from '../task-queues.ts';
import { activityOptions } from './activity-options.ts';
import type { AuditionRun } from './run.ts';

/** Returns the meeting activities on the provider's task queue. */
export const meetingActivities = (
  run: AuditionRun,
  provider: MeetingProviderName,
  summary: string,
  patience: 'meetingPatience' | 'stepPatience' | 'fallback',
) =>
  proxyActivities<MeetingActivities>(
    activityOptions(run, {
      queue: queueOfMeeting(provider),
      summary,
      patience,
      ...(patience === 'fallback' ? { maximumInterval: '5 seconds' as const, isUrgent: true } : {}),
    }),
  );
