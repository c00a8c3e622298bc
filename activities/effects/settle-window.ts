/** The quiet time after a call that nobody saw end: it may still have its effect, so it is not made again yet. */
import type { Doubt } from '../../db/ledger/operations.ts';
import { busyFailure } from '../failures.ts';
import type { LedgerOperation } from './steps.ts';

/**
 * How long after its lease a call that nobody saw end may still have its effect: providers that have no idempotency
 * of their own are only asked meanwhile, never called again. Longer than a gateway keeps a request alive by itself.
 */
const settleWindowMs = 30_000;

/** Milliseconds that are left of it; 0 when nothing was handed over, or every call was seen to end. */
export const remainingSettleMs = ({ handedOver, abandonedForMs }: Doubt): number =>
  handedOver && abandonedForMs !== undefined ? Math.max(0, settleWindowMs - abandonedForMs) : 0;

/** Meanwhile the provider is asked every so often: what arrives late is recorded soon. */
const settlePollIntervalMs = 10_000;

/** Throws a retryable `busy` until the quiet time is over. */
export const requireSettled = (operation: LedgerOperation, doubt: Doubt): void => {
  const remainingMs = remainingSettleMs(doubt);
  if (remainingMs > 0) throw busyFailure(operation, remainingMs, settlePollIntervalMs);
};
