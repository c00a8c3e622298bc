/** Notifies the workflows of recordings whose legal hold has ended, so that they remove the copies at the providers. */
import { workflowTaskQueue } from '../../activities/contract.ts';
import type { Repositories } from '../../db/index.ts';
import type { HeldCopies } from '../../db/recordings/held-copies.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import { createWorkflowSignals, type WorkflowSignals } from '../inbox/workflow-signals.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';
import type { RunningWorkers } from '../worker.ts';

const copiesPerRound = 50;

/** The end of a hold may be noticed this late. */
const pollIntervalMs = 60_000;

interface HeldCopyRoundOptions {
  readonly heldCopies: HeldCopies;
  readonly workflowSignals: Pick<WorkflowSignals, 'reportRecording'>;
}

/**
 * Returns a round. It resolves to whether there may be more. A workflow that is notified twice lists its recordings once more.
 * @throws the errors of Temporal; the relay then pauses
 */
export const createHeldCopyRound =
  ({ heldCopies, workflowSignals }: HeldCopyRoundOptions) =>
  async (stopping: AbortSignal): Promise<boolean> => {
    const released = await heldCopies.listReleased(copiesPerRound);
    for (const { id, heldAt, ...input } of released) {
      if (stopping.aborted) return false;
      await workflowSignals.reportRecording(input, { inboxId: `hold-released/${id}` });
      await heldCopies.settle({ id, heldAt });
    }
    return released.length === copiesPerRound;
  };

/** Starts the loop. Every worker process runs one. */
export const startHeldCopies = (
  { taskQueueSuffix }: Pick<Configuration, 'taskQueueSuffix'>,
  { heldCopies }: Pick<Repositories, 'heldCopies'>,
  { client }: Pick<RunningWorkers, 'client'>,
  logger: Pick<Logger, 'warn'>,
): Loop =>
  startRelay({
    name: 'held copies of recordings',
    pollIntervalMs,
    round: createHeldCopyRound({
      heldCopies,
      workflowSignals: createWorkflowSignals(client, `${workflowTaskQueue}${taskQueueSuffix}`),
    }),
    logger,
  });
