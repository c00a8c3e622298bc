/** The quiet time after a call that nobody saw end: it may still have its effect, so it is not made again yet. */
import type { Doubt } from '../../db/ledger/operations.ts';
import { busy } from '../failures.ts';
import type { Operation } from './steps.ts';

/**
 * How long after its lease a call that nobody saw end may still have its effect: providers that have no idempotency
 * of their own are only asked meanwhile, never called again. Longer than a gateway keeps a request alive by itself.
 */
const quietMs = 30_000;

/** Milliseconds that are left of it; 0 when nothing was handed over, or every call was seen to end. */
export const quietFor = ({ handedOver, givenUpForMs }: Doubt): number =>
  handedOver && givenUpForMs !== undefined ? Math.max(0, quietMs - givenUpForMs) : 0;

/** Meanwhile the provider is asked every so often: what arrives late is recorded soon. */
const lookAgainMs = 10_000;

/** Throws a retryable `busy` until the quiet time is over. */
export const requireSettled = (operation: Operation, doubt: Doubt): void => {
  const remainingMs = quietFor(doubt);
  if (remainingMs > 0) throw busy(operation, remainingMs, lookAgainMs);
};
