/** The way back of `effectOnce`: undoes what a key has done, or may have done, and keeps it from being done later. */
import type { OperationLedger } from '../../db/ledger/operations.ts';
import type { CallContext } from '../../providers/ports.ts';
import type { UndoResult } from '../contract.ts';
import { busyFailure } from '../failures.ts';
import type { AttemptContext } from './attempt.ts';
import { requireSettled } from './settle-window.ts';
import type { EarlierAttempt, LedgerOperation } from './steps.ts';
import { removeSurplus } from './surplus.ts';

interface UndoSteps {
  /** The provider's ids of all that unrecorded attempts have left behind. Not asked where there was no such attempt. */
  readonly find: (earlier: EarlierAttempt, call: CallContext) => Promise<readonly string[]>;
  /** Idempotent: what is gone already is `absent`. */
  readonly remove: (providerId: string, call: CallContext) => Promise<'deleted' | 'absent'>;
}

/**
 * Idempotent, and crash-safe at every line: what was begun is asked about again. From its first line on, a late
 * attempt of the operation is refused (`Compensated`), also when there is nothing to undo yet.
 *
 * Throws a retryable `busy` while an attempt holds the lease or its call may still have its effect: what it does can
 * only be undone once it is done.
 */
export const undoOnce = async (
  ledger: OperationLedger,
  operation: LedgerOperation,
  { leaseMs, startCall }: AttemptContext,
  steps: UndoSteps,
): Promise<UndoResult> => {
  const { key } = operation;
  const begun = await ledger.beginUndo(operation);
  if (begun.kind === 'busy') throw busyFailure(operation, begun.remainingMs, leaseMs);
  const call = startCall();
  await removeSurplus(ledger, key, begun.surplus, ({ providerId }) => steps.remove(providerId, call));
  switch (begun.kind) {
    case 'nothing_to_undo':
      return { result: begun.surplus.length > 0 ? 'undone' : 'nothing_to_undo' };
    case 'undone_before':
      return { result: 'undone' };
    case 'happened': {
      const { providerId } = begun.effect;
      // Where an attempt was in doubt there may be another one beside what is recorded.
      const beside = begun.doubt ? await steps.find(begun.doubt, call) : [];
      for (const one of new Set([providerId, ...beside])) await steps.remove(one, call);
      await ledger.completeUndo(key);
      return { result: 'undone' };
    }
    case 'unknown': {
      const removed = await removeAll(steps, await steps.find(begun.doubt, call), call);
      // Of what is not there yet, nobody can say that it was undone.
      if (!removed) requireSettled(operation, begun.doubt);
      await ledger.completeUndo(key);
      return { result: removed ? 'undone' : 'nothing_to_undo' };
    }
  }
};

/** Whether there was anything to remove. */
const removeAll = async (
  { remove }: UndoSteps,
  providerIds: readonly string[],
  call: CallContext,
): Promise<boolean> => {
  let removed = false;
  for (const providerId of providerIds) removed = (await remove(providerId, call)) === 'deleted' || removed;
  return removed;
};
