/**
 * Ends the polling of a worker before its shutdown. At its shutdown, the SDK drops each open poll. The server may have
 * answered that poll with a task already: the task is then lost, and repeated only after its timeout (10 s for a
 * workflow task, 15 s for most activities). Without an open poll, a shutdown loses nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ActivitySlotInfo, WorkerTuner, WorkflowSlotInfo } from '@temporalio/worker';
import { createSlots, type SlotGroup } from './slots.ts';
import type { StickyQueue } from './sticky-queue.ts';

interface PollingOptions {
  readonly workflowTasks: number;
  readonly workflowPollers: { readonly normal: number; readonly sticky: number };
  readonly activities: number;
}

export interface Polling {
  /** The slots to create the worker with. */
  readonly tuner: WorkerTuner;
  /**
   * Starts no more polls and waits until all open ones have ended, or until the timeout. A poll ends with a task, which
   * the worker runs, or after `matching.longPollExpirationInterval` (60 s by default). Returns whether all have ended.
   * Rejects when Temporal rejects a call about the sticky queue.
   */
  end(options: {
    readonly stickyQueue: StickyQueue | undefined;
    readonly timeout: AbortSignal;
  }): Promise<boolean>;
}

/** Creates the polling of one worker. */
export const createPolling = ({ workflowTasks, workflowPollers, activities }: PollingOptions): Polling => {
  const activitySlots = createSlots<ActivitySlotInfo>({ limit: activities, pollEndsWhen: 'task_starts' });
  const workflowSlots = createSlots<WorkflowSlotInfo>({
    limit: workflowTasks,
    pollers: workflowPollers,
    // The SDK reports a workflow task as started before its shutdown would wait for the end of that task.
    pollEndsWhen: 'task_ends',
  });

  return {
    tuner: {
      workflowTaskSlotSupplier: workflowSlots.supplier,
      activityTaskSlotSupplier: activitySlots.supplier,
      // This service has neither local activities nor Nexus operations. The SDK requires slots for them.
      localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
      nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
    },
    async end({ stickyQueue, timeout }) {
      activitySlots.normal.close();
      workflowSlots.normal.close();
      const ended = Promise.all([
        activitySlots.normal.ended,
        workflowSlots.normal.ended,
        stickyQueue && endStickyPolls(workflowSlots.sticky, stickyQueue, timeout),
      ]).then(() => true);
      return Promise.race([ended, aborted(timeout).then(() => false)]);
    },
  };
};

/** Milliseconds until the server is asked again. A poll that was being started arrives there after the first call. */
const unloadIntervalMs = 20;

/**
 * Ends the sticky polls at the server, after closing their slots: a later poll would make the server use the queue
 * again. Without a name, the polls stay open until the SDK drops them at the shutdown.
 */
const endStickyPolls = async (
  sticky: SlotGroup,
  stickyQueue: StickyQueue,
  timeout: AbortSignal,
): Promise<void> => {
  const name = await stickyQueue.findName();
  if (name === undefined) return;
  sticky.close();
  do {
    await stickyQueue.unload(name);
    await pause(unloadIntervalMs);
  } while (sticky.hasOpenPolls() && !timeout.aborted);
  await sticky.ended;
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve());
  });
