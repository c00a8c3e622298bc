/** Removes the effects that overlapping attempts created at the provider in addition to the recorded one. */
import type { Effect, OperationLedger } from '../../db/ledger/operations.ts';

/**
 * Removes each surplus effect at the provider and then records its removal. After a crash or a failure between the two,
 * the ledger still has the effect, and the next attempt removes it again: `remove` must be idempotent.
 */
export const removeSurplus = async (
  ledger: Pick<OperationLedger, 'recordSurplusRemoved'>,
  key: string,
  surplus: readonly Effect[],
  remove: (effect: Effect) => Promise<unknown>,
): Promise<void> => {
  for (const effect of surplus) {
    await remove(effect);
    await ledger.recordSurplusRemoved(key, effect.providerId);
  }
};
