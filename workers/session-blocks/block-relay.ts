/**
 * Signals auditions whose session block was changed. A change of a block is stored with the task to compare its auditions
 * with it; this relay does so. A signal that was sent, but not recorded as sent, is sent again with the same id, and the
 * audition applies it once.
 */
import type { Client } from '@temporalio/client';
import type { Repositories } from '../../db/index.ts';
import type { DueReport } from '../../db/session-blocks/block-reports.ts';
import { sessionBlockChannel } from '../../db/session-blocks/session-blocks.ts';
import type { SessionBlockChange } from '../../domain/audition/session-block-change.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { minute } from '../../domain/time/units.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { Configuration } from '../../providers/configuration.ts';
import { sessionBlockChangedSignal } from '../../workflows/audition/messages.ts';
import type { Loop } from '../loop.ts';
import { isNotRunning } from '../reachable-workflow.ts';
import { startRelay } from '../relay.ts';
import { createBlockChanges } from './block-changes.ts';

/** A block can have thousands of auditions. Until then, no other worker takes it over. */
const leaseMs = 5 * minute;
/** Longer than an audition needs to claim a slot and to record it. */
const againInMs = 10 * minute;
const retryInMs = minute;
const signalTimeoutMs = 10_000;

interface RoundOptions {
  readonly repositories: Pick<Repositories, 'sessionBlocks' | 'blockAuditions' | 'blockReports'>;
  /** Signals a running audition. Does nothing when it has ended. @throws when Temporal does not answer */
  readonly signal: (audition: AuditionId, change: SessionBlockChange) => Promise<void>;
  readonly now?: () => Instant;
}

/**
 * Returns a round of the relay. It resolves to whether there may be more changed blocks.
 * @throws when the database or Temporal does not answer. The block is due again after a minute.
 */
export const createBlockRound = ({
  repositories: { sessionBlocks, blockAuditions, blockReports },
  signal,
  now = () => toInstant(Date.now()),
}: RoundOptions) => {
  const report = async (due: DueReport): Promise<void> => {
    const at = now();
    const blocks = await sessionBlocks.listSeries(due.organization, due.series);
    const reportTo = createBlockChanges(due, blocks, at);
    for (const { view, outside } of await blockAuditions.compare(due.organization, blocks, at)) {
      const isAsked = view.attention.some(({ step }) => step === 'session_block');
      if (outside || isAsked) await signal(view.id, reportTo(view.slot, outside));
    }
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    const due = stopping.aborted ? undefined : await blockReports.claim(leaseMs);
    if (!due) return false;
    try {
      await report(due);
    } catch (error) {
      await blockReports.retryLater(due, retryInMs);
      throw error;
    }
    await blockReports.complete(due, againInMs);
    return true;
  };
};

const signalWith =
  (temporal: Client): RoundOptions['signal'] =>
  async (audition, change) => {
    try {
      await temporal.withDeadline(Date.now() + signalTimeoutMs, () =>
        temporal.workflow.getHandle(auditionWorkflowId(audition)).signal(sessionBlockChangedSignal, change),
      );
    } catch (error) {
      if (!isNotRunning(error)) throw error;
    }
  };

/** Starts the relay. `temporal` must stay usable until the relay has stopped. */
export const startBlockRelay = (
  { databaseUrl }: Pick<Configuration, 'databaseUrl'>,
  repositories: RoundOptions['repositories'],
  temporal: Client,
  logger: Pick<Logger, 'warn'>,
): Loop =>
  startRelay({
    name: 'session blocks',
    notifications: { databaseUrl, channel: sessionBlockChannel },
    round: createBlockRound({ repositories, signal: signalWith(temporal) }),
    logger,
  });
