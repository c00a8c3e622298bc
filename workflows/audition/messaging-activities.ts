/** The messaging activities of an audition, with their timeouts. */
import { proxyActivities } from '@temporalio/workflow';
import type { MessagingActivities } from '../../activities/contract.ts';
import type { Channel } from '../../domain/audition/request.ts';
import { queueOfChannel } from '../task-queues.ts';
import { activityOptions } from './activity-options.ts';
import type { AuditionRun } from './run.ts';

/** A mail server can be slow to acknowledge the end of the message (RFC 5321, 4.5.3.2.6). */
const startToCloseTimeout: Readonly<Record<Channel, '65 seconds' | '15 seconds'>> = {
  email: '65 seconds',
  sms: '15 seconds',
};

/** Returns the messaging activities on the channel's task queue. */
export const messagingActivities = (
  run: AuditionRun,
  channel: Channel,
  summary: string,
  { isUrgent = false, isSingleAttempt = false }: { isUrgent?: boolean; isSingleAttempt?: boolean } = {},
) =>
  proxyActivities<MessagingActivities>({
    ...activityOptions(run, {
      queue: queueOfChannel(channel),
      summary,
      maximumInterval: '1 minute',
      isUrgent,
      isSingleAttempt,
    }),
    startToCloseTimeout: startToCloseTimeout[channel],
    heartbeatTimeout: '20 seconds',
  });
