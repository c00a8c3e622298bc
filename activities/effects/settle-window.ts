/** The settle window: the time after an abandoned call in which the call may still take effect and is not repeated. */
import type { Doubt } from '../../db/ledger/operations.ts';
import { busyFailure } from '../failures.ts';
import type { LedgerOperation } from './steps.ts';

/**
 * Starts when the lease of an abandoned call expires. Within it, a provider without idempotency keys is searched for
 * the effect and not called again. Longer than a gateway keeps a request open.
 */
const settleWindowMs = 30_000;

/**
 * Returns the remaining milliseconds of the settle window: 0 when no call was handed over, or when every call has
 * ended.
 */
export const remainingSettleMs = ({ handedOver, abandonedForMs }: Doubt): number =>
  handedOver && abandonedForMs !== undefined ? Math.max(0, settleWindowMs - abandonedForMs) : 0;

/** Interval of the searches within the settle window, so that a late effect is recorded soon. */
const settlePollIntervalMs = 10_000;

/** @throws `busy` (retryable) until the settle window is over. */
export const requireSettled = (operation: LedgerOperation, doubt: Doubt): void => {
  const remainingMs = remainingSettleMs(doubt);
  if (remainingMs > 0) throw busyFailure(operation, remainingMs, settlePollIntervalMs);
};
