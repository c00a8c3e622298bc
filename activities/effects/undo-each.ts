/** Undoes an effect that several steps have, or may have, performed: for example an event that was moved. */
import type { OperationLedger } from '../../db/ledger/operations.ts';
import type { UndoResult } from '../contract.ts';
import type { UndoContext } from './attempt.ts';
import type { LedgerOperation } from './steps.ts';
import { type UndoSteps, undoOnce } from './undo-once.ts';

interface Undo {
  readonly ledger: OperationLedger;
  readonly operation: LedgerOperation;
  readonly context: UndoContext;
  readonly steps: UndoSteps;
  /** Called after the undo, also when there was nothing to undo. Must be idempotent. */
  readonly whenUndone?: () => Promise<void>;
}

/**
 * Undoes the effect of each key, one after the other: they usually concern the same object at the provider. Returns
 * `undone` when at least one had an effect. A key that fails does not keep the others from being undone.
 *
 * @throws the first error, after all keys were attempted.
 */
export const undoEach = async (
  keys: readonly string[],
  undoOf: (key: string) => Promise<Undo>,
): Promise<UndoResult> => {
  const errors: unknown[] = [];
  let result: UndoResult['result'] = 'nothing_to_undo';
  for (const key of keys) {
    try {
      const { ledger, operation, context, steps, whenUndone } = await undoOf(key);
      if ((await undoOnce(ledger, operation, context, steps)).result === 'undone') result = 'undone';
      await whenUndone?.();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return { result };
};
