/** Keeps the schedule in Temporal that starts the reconciliation. */
import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { workflowTaskQueue } from '../../activities/contract.ts';
import { hour, minute } from '../../domain/time/units.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import { reconciliationWorkflowType } from '../../workflows/reconciliation/messages.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';

export interface ScheduleSettings {
  /** Appended to the schedule's id as well, so that tests that share a server have schedules of their own. */
  readonly taskQueueSuffix: string;
  /** 0 removes the schedule. */
  readonly reconciliationMinutes: number;
}

/** Restores a schedule that an operator has deleted. */
const checkIntervalMs = 1 * hour;
/** A run that hangs must not block the next ones, which are skipped while it runs. */
const runTimeoutMs = 30 * minute;
/** A missed run is pointless when the next one is due. */
const catchupWindowMs = 1 * minute;

/** Returns the id of the schedule. */
export const reconciliationScheduleId = (taskQueueSuffix: string): string =>
  `reconciliation${taskQueueSuffix}`;

/**
 * Creates the schedule, adapts an existing one to the settings, or removes it. Idempotent: every worker process calls
 * it. A schedule that an operator has paused stays paused.
 */
export const ensureReconciliationSchedule = async (
  { schedule }: Pick<Client, 'schedule'>,
  { taskQueueSuffix, reconciliationMinutes }: ScheduleSettings,
): Promise<void> => {
  const scheduleId = reconciliationScheduleId(taskQueueSuffix);
  const handle = schedule.getHandle(scheduleId);
  if (reconciliationMinutes === 0) return unlessAbsent(handle.delete());
  const wanted = {
    spec: { intervals: [{ every: reconciliationMinutes * minute }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: reconciliationWorkflowType,
      // The server appends the time of the run.
      workflowId: scheduleId,
      taskQueue: `${workflowTaskQueue}${taskQueueSuffix}`,
      args: [{}],
      workflowRunTimeout: runTimeoutMs,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchupWindowMs },
  };
  try {
    await schedule.create({ scheduleId, ...wanted });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await handle.update(({ state }) => ({ ...wanted, state }));
  }
};

const unlessAbsent = async (call: Promise<void>): Promise<void> => {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
};

/** Creates the schedule in the background, and checks it once an hour. */
export const startReconciliationSchedule = (
  settings: ScheduleSettings,
  client: Pick<Client, 'schedule'>,
  logger: Pick<Logger, 'warn'>,
): Loop =>
  startRelay({
    name: 'reconciliation schedule',
    pollIntervalMs: checkIntervalMs,
    round: async () => {
      await ensureReconciliationSchedule(client, settings);
      return false;
    },
    logger,
  });
