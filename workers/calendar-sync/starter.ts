/**
 * Starts the synchronisation of connections whose calendars an audition uses. The activity that writes an event registers
 * its calendar in the database; this relay reads the register. So a start costs the audition nothing, a crash loses none,
 * and the loss of a workflow is noticed.
 */
import { type Client, WorkflowIdReusePolicy } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { workflowTaskQueue } from '../../activities/contract.ts';
import { calendarSyncChannel } from '../../db/calendars/registered-calendars.ts';
import type { SyncedCalendars, SyncToStart } from '../../db/calendars/synced-calendars.ts';
import { minute } from '../../domain/time/units.ts';
import { calendarSyncWorkflowId } from '../../domain/workflow-ids.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import {
  type CalendarSyncInput,
  calendarNewsSignal,
  calendarSyncWorkflowType,
} from '../../workflows/calendar-sync/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { Loop } from '../loop.ts';
import { startRelay } from '../relay.ts';

const batchSize = 100;
const signalTimeoutMs = 10_000;
/** A workflow that has missed three polls is started again. When it runs after all, it is only signaled. */
const missedPolls = 3;

interface StarterOptions {
  readonly calendars: Pick<SyncedCalendars, 'listToStart' | 'markStarted'>;
  /** Starts the synchronisation, or signals it when it runs. */
  readonly start: (sync: SyncToStart) => Promise<void>;
  readonly pollMinutes: number;
}

/**
 * Returns a round of the starter. It resolves to whether there may be more to start.
 * @throws when Temporal does not answer. The connection is then started in a later round.
 */
export const createStarterRound =
  ({ calendars, start, pollMinutes }: StarterOptions) =>
  async (stopping: AbortSignal): Promise<boolean> => {
    const due = await calendars.listToStart(missedPolls * pollMinutes * minute, batchSize);
    for (const sync of due) {
      if (stopping.aborted) return false;
      await start(sync);
      await calendars.markStarted(sync);
    }
    return due.length === batchSize;
  };

const startOrSignal = async (
  temporal: Client,
  taskQueue: string,
  { organization, connection, provider }: SyncToStart,
): Promise<void> => {
  const input: CalendarSyncInput = { organization, connection, provider };
  await temporal.withDeadline(Date.now() + signalTimeoutMs, () =>
    temporal.workflow.signalWithStart(calendarSyncWorkflowType, {
      workflowId: calendarSyncWorkflowId(connection),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      taskQueue,
      args: [input],
      signal: calendarNewsSignal,
      signalArgs: [{ what: 'used' }],
      typedSearchAttributes: new TypedSearchAttributes([
        { key: searchAttributes.organization, value: organization },
      ]),
      memo: { organization },
      staticSummary: `Synchronize the calendars of ${connection}`,
    }),
  );
};

/** Starts the relay. Does nothing when calendars are not synchronized. */
export const startCalendarSyncs = (
  {
    databaseUrl,
    taskQueueSuffix,
    calendarPollMinutes,
  }: Pick<Configuration, 'databaseUrl' | 'taskQueueSuffix' | 'calendarPollMinutes'>,
  calendars: StarterOptions['calendars'],
  temporal: Client,
  logger: Pick<Logger, 'warn'>,
): readonly Loop[] =>
  calendarPollMinutes === 0
    ? []
    : [
        startRelay({
          name: 'calendar synchronisations',
          notifications: { databaseUrl, channel: calendarSyncChannel },
          round: createStarterRound({
            calendars,
            start: (sync) => startOrSignal(temporal, `${workflowTaskQueue}${taskQueueSuffix}`, sync),
            pollMinutes: calendarPollMinutes,
          }),
          logger,
        }),
      ];
