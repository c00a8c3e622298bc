/** Starts the loop of a worker process that watches the meetings of the sessions that begin now. */
import { workflowTaskQueue } from '../../activities/contract.ts';
import type { LookAtMeeting } from '../../activities/meetings/meetings.ts';
import type { Repositories } from '../../db/index.ts';
import { second } from '../../domain/time/units.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import { createWorkflowSignals } from '../inbox/workflow-signals.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';
import type { RunningWorkers } from '../worker.ts';
import { createWatchRound } from './watch-round.ts';

/** Shorter than the interval of the looks: rounds of several processes find what became due. */
const pollIntervalMs = 5 * second;

/** Starts the loop. Every worker process runs one; the claim lets one process look at a time. */
export const startMeetingWatch = (
  { taskQueueSuffix }: Pick<Configuration, 'taskQueueSuffix'>,
  { meetingWatch }: Pick<Repositories, 'meetingWatch'>,
  look: LookAtMeeting,
  { client }: Pick<RunningWorkers, 'client'>,
  logger: Pick<Logger, 'warn'>,
): Loop =>
  startRelay({
    name: 'meeting watch',
    pollIntervalMs,
    round: createWatchRound({
      watch: meetingWatch,
      look,
      workflowSignals: createWorkflowSignals(client, `${workflowTaskQueue}${taskQueueSuffix}`),
      logger,
    }),
    logger,
  });
