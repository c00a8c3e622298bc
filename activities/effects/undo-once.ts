/** The way back of `effectOnce`: undoes what a key has done, or may have done, and keeps it from being done later. */
import type { OperationLedger } from '../../db/repositories.ts';
import type { Undone } from '../contract.ts';
import { busy } from '../failures.ts';
import type { EarlierAttempt, Operation } from './effect-once.ts';

export interface UndoSteps {
  /**
   * The provider's id of what an unrecorded attempt has left behind, undefined when it left nothing.
   * Not asked when the ledger knows the id.
   */
  readonly find: (earlier: EarlierAttempt) => Promise<string | undefined>;
  /** Idempotent: what is gone already is `absent`. */
  readonly remove: (providerId: string) => Promise<'deleted' | 'absent'>;
}

/**
 * Idempotent, and crash-safe at every line: what was begun is asked about again. From its first line on, a late
 * attempt of the operation is refused (`Compensated`), also when there is nothing to undo yet.
 *
 * Throws a retryable `busy` while an attempt holds the lease: what it does can only be undone once it is done.
 */
export const undoOnce = async (
  ledger: OperationLedger,
  operation: Operation,
  steps: UndoSteps,
): Promise<Undone> => {
  const begun = await ledger.beginUndo(operation);
  switch (begun.kind) {
    case 'nothing_to_undo':
      return { result: 'nothing_to_undo' };
    case 'undone_before':
      return { result: 'undone' };
    case 'busy':
      throw busy(operation.provider, operation.operation, begun.untilMs);
    case 'happened':
      await steps.remove(begun.providerId);
      await ledger.completeUndo(operation.key);
      return { result: 'undone' };
    case 'unknown': {
      const providerId = await steps.find(begun);
      const removed = providerId === undefined ? 'absent' : await steps.remove(providerId);
      await ledger.completeUndo(operation.key);
      return { result: removed === 'deleted' ? 'undone' : 'nothing_to_undo' };
    }
  }
};
