/**
 * Undoes the effect of a key that `effectOnce` performed or may have performed, and blocks later attempts of that key.
 */
import type { Doubt, OperationLedger } from '../../db/ledger/operations.ts';
import type { CallContext } from '../../providers/ports.ts';
import type { UndoResult } from '../contract.ts';
import type { UndoContext } from './attempt.ts';
import { beginUndo } from './begin-undo.ts';
import { requireSettled } from './settle-window.ts';
import type { EarlierAttempt, LedgerOperation } from './steps.ts';
import { removeSurplus } from './surplus.ts';

export interface UndoSteps {
  /**
   * Returns the provider ids of all effects of attempts without a recorded result. Called only if there was such an
   * attempt.
   */
  readonly find: (earlier: EarlierAttempt, call: CallContext) => Promise<readonly string[]>;
  /**
   * Whether `find` can create the effect that it returns. It is then called only after the settle window: a call that is
   * still running would create the effect again after its removal.
   */
  readonly findCreates?: boolean | undefined;
  /** Must be idempotent: returns `absent` for an effect that is gone already. */
  readonly remove: (providerId: string, call: CallContext) => Promise<'deleted' | 'absent'>;
}

/**
 * Undoes the effect. Idempotent and crash-safe: a repeated call continues an unfinished undo. From its first ledger
 * write on, later attempts of the operation fail as `Compensated`, also when there was nothing to undo.
 *
 * @throws `busy` (retryable) when an attempt holds the lease for longer than the undo waits, or while its call may still
 * take effect, since the effect cannot be undone before it exists.
 */
export const undoOnce = async (
  ledger: OperationLedger,
  operation: LedgerOperation,
  context: UndoContext,
  steps: UndoSteps,
): Promise<UndoResult> => {
  const { key } = operation;
  const begun = await beginUndo(ledger, operation, context);
  const call = context.startCall();
  await removeSurplus(ledger, key, begun.surplus, ({ providerId }) => steps.remove(providerId, call));
  const find = (doubt: Doubt): Promise<readonly string[]> => {
    if (steps.findCreates) requireSettled(operation, doubt);
    return steps.find(doubt, call);
  };
  switch (begun.kind) {
    case 'nothing_to_undo':
      return { result: begun.surplus.length > 0 ? 'undone' : 'nothing_to_undo' };
    case 'undone_before':
      return { result: 'undone' };
    case 'happened': {
      const { providerId } = begun.effect;
      // An attempt without a recorded result may have left a second effect.
      const unrecorded = begun.doubt ? await find(begun.doubt) : [];
      for (const id of new Set([providerId, ...unrecorded])) await steps.remove(id, call);
      await ledger.completeUndo(key);
      return { result: 'undone' };
    }
    case 'unknown': {
      const removed = await removeAll(steps, await find(begun.doubt), call);
      // Within the settle window the effect may still appear, so it cannot be reported as undone yet.
      if (!removed) requireSettled(operation, begun.doubt);
      await ledger.completeUndo(key);
      return { result: removed ? 'undone' : 'nothing_to_undo' };
    }
  }
};

/** Returns whether there was anything to remove. */
const removeAll = async (
  { remove }: UndoSteps,
  providerIds: readonly string[],
  call: CallContext,
): Promise<boolean> => {
  let removed = false;
  for (const providerId of providerIds) removed = (await remove(providerId, call)) === 'deleted' || removed;
  return removed;
};
