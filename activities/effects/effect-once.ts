/**
 * One effect per key, whatever crashes. The ledger's row is written before the call; an attempt that finds an earlier
 * one without a record asks the provider what became of it before it acts. See docs/idempotency.md.
 */
import type { z } from 'zod';
import { Overtaken } from '../../db/errors.ts';
import type { OperationLedger } from '../../db/repositories.ts';
import { effectMayHaveHappened, ProviderError } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { busy, compensated } from '../failures.ts';
import { leaseMs } from './call.ts';
import { requestHash } from './fingerprint.ts';

export interface Operation {
  /** `{workflowId}:{step}`. */
  readonly key: string;
  readonly organization: OrganizationId;
  readonly provider: string;
  /** Our name of the operation, e.g. `meetings.create`. */
  readonly operation: string;
}

export interface EffectOperation extends Operation {
  /**
   * What identifies the effect, free of a person's data: a key that comes back with another request is refused. Only
   * what cannot change between two attempts, also over a deployment.
   */
  readonly request: unknown;
}

/** What an earlier attempt, of which there is no record, has left behind. */
export interface EarlierAttempt {
  readonly startedAt: Instant;
  readonly handedOver: boolean;
}

type Found<Result> =
  | { readonly kind: 'found'; readonly result: Result }
  /** Certainly nothing, or nobody can say and doing it again is the lesser evil. */
  | { readonly kind: 'absent' };

export interface EffectSteps<Result> {
  /** Reads the recorded result back. */
  readonly result: z.ZodType<Result>;
  readonly providerId: (result: Result) => string;
  /** The signal the call is made with: a call that was aborted may still be under way at the provider. */
  readonly signal: AbortSignal;
  /** Left out where `perform` is idempotent by itself, because the provider knows our id. */
  readonly find?: (earlier: EarlierAttempt) => Promise<Found<Result>>;
  /** `handOver` is for providers that can say when the effect becomes possible. */
  readonly perform: (handOver: () => Promise<void>) => Promise<Result>;
  /** Removes the effect again when a compensation turns out to have come first. */
  readonly takeBack?: (result: Result) => Promise<unknown>;
}

/**
 * Has the effect once and answers with its result, now and whenever it is asked again.
 *
 * Throws a retryable `busy` while another attempt holds the lease, a non-retryable `Compensated` once the operation
 * was undone, `KeyReused` for a key that stood for another request, and what `find` and `perform` throw.
 */
export const effectOnce = async <Result>(
  ledger: OperationLedger,
  operation: EffectOperation,
  steps: EffectSteps<Result>,
): Promise<Result> => {
  const { request, ...row } = operation;
  const begun = await ledger.begin({ ...row, requestHash: requestHash(request), leaseMs });
  switch (begun.kind) {
    case 'done':
      return steps.result.parse(begun.result);
    case 'busy':
      throw busy(row.provider, row.operation, begun.untilMs);
    case 'undone':
      throw compensated(row.key);
    case 'first':
      return attempt(ledger, row.key, steps);
    case 'again': {
      const found = await findEarlier(ledger, row.key, steps, begun);
      return found.kind === 'found'
        ? record(ledger, row.key, steps, found.result)
        : attempt(ledger, row.key, steps);
    }
  }
};

const findEarlier = async <Result>(
  ledger: OperationLedger,
  key: string,
  { find }: EffectSteps<Result>,
  earlier: EarlierAttempt,
): Promise<Found<Result>> => {
  try {
    return (await find?.(earlier)) ?? { kind: 'absent' };
  } catch (error) {
    // Looking has no effect, so the lease may go; what the earlier attempt did is as unknown as before.
    await letGo(ledger, key, 'unknown');
    throw error;
  }
};

const attempt = async <Result>(
  ledger: OperationLedger,
  key: string,
  steps: EffectSteps<Result>,
): Promise<Result> => {
  let result: Result;
  try {
    result = await steps.perform(() => ledger.handOver(key));
  } catch (error) {
    const left = leftBehind(error, steps.signal);
    if (left !== 'still_open') await letGo(ledger, key, left);
    throw error;
  }
  return record(ledger, key, steps, result);
};

/** The provider stopped waiting for itself (HTTP 504): the work behind it may go on. */
const gatewayTimeout = 504;

/**
 * What a failed call has left behind. `still_open`: it may yet have its effect, so nobody may ask the provider before
 * the lease has run out.
 */
const leftBehind = (error: unknown, signal: AbortSignal): 'none' | 'unknown' | 'still_open' => {
  if (!(error instanceof ProviderError)) return 'still_open';
  if (!effectMayHaveHappened(error)) return 'none';
  return signal.aborted || error.vendor.status === gatewayTimeout ? 'still_open' : 'unknown';
};

/** A lease that cannot be given back runs out by itself; the error that led here is the one to report. */
const letGo = async (ledger: OperationLedger, key: string, effect: 'none' | 'unknown'): Promise<void> => {
  await ledger.release(key, effect).catch(() => undefined);
};

const record = async <Result>(
  ledger: OperationLedger,
  key: string,
  steps: EffectSteps<Result>,
  result: Result,
): Promise<Result> => {
  try {
    await ledger.complete(key, { providerId: steps.providerId(result), result });
  } catch (error) {
    // The compensation looked before our effect was there. It will not look again: taking it back is up to us.
    if (error instanceof Overtaken) await steps.takeBack?.(result);
    throw error;
  }
  return result;
};
