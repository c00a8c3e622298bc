/** Begins an undo as soon as no attempt of the operation is running. */
import { setTimeout as pause } from 'node:timers/promises';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import { busyFailure } from '../failures.ts';
import type { UndoContext } from './attempt.ts';
import type { LedgerOperation } from './steps.ts';

/** An undo that has begun. */
export type BegunUndo = Exclude<Awaited<ReturnType<OperationLedger['beginUndo']>>, { kind: 'busy' }>;

/** Most attempts end within milliseconds. The pause doubles with each check, because others take seconds. */
const firstPauseMs = 50;
const longestPauseMs = 500;

/**
 * Begins the undo. When an attempt is running, checks repeatedly whether it has ended, for at most `undoWaitMs`. The
 * lease alone would not tell: it is much longer than most attempts.
 *
 * @throws `busy` (retryable) when the attempt still holds its lease. The retry follows after `undoWaitMs`, or at the end
 * of the lease if that is earlier, so that a slow attempt occupies a slot of the worker half of the time only.
 */
export const beginUndo = async (
  ledger: Pick<OperationLedger, 'beginUndo'>,
  operation: LedgerOperation,
  { undoWaitMs }: Pick<UndoContext, 'undoWaitMs'>,
): Promise<BegunUndo> => {
  const { key, organization, provider, operation: name } = operation;
  const waitEnds = performance.now() + undoWaitMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const begun = await ledger.beginUndo({ key, organization, provider, operation: name });
    if (begun.kind !== 'busy') return begun;
    const remainingWaitMs = waitEnds - performance.now();
    if (remainingWaitMs <= 0) throw busyFailure(operation, begun.remainingMs, undoWaitMs);
    await pause(Math.min(pauseMs, remainingWaitMs));
  }
};
