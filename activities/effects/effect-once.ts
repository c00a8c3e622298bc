/**
 * Performs an effect at a provider once per key, even when workers crash. The ledger row is written before the call. An
 * attempt that finds an earlier attempt without a recorded result first asks the provider for that attempt's effect.
 * See docs/idempotency.md.
 */
import { Overtaken } from '../../db/errors.ts';
import type { Doubt, Effect, OperationLedger } from '../../db/ledger/operations.ts';
import { mayHaveTakenEffect, ProviderError } from '../../domain/errors.ts';
import type { CallContext } from '../../providers/ports.ts';
import { busyFailure, compensatedFailure, outcomeUnknownFailure } from '../failures.ts';
import type { AttemptContext } from './attempt.ts';
import { requestHash } from './deterministic-ids.ts';
import { remainingSettleMs, requireSettled } from './settle-window.ts';
import type { EffectOperation, EffectSteps, HandOver, SearchResult } from './steps.ts';
import { removeSurplus } from './surplus.ts';

interface EffectAttempt<Result> {
  readonly ledger: OperationLedger;
  readonly operation: EffectOperation;
  readonly context: AttemptContext;
  readonly steps: EffectSteps<Result>;
  /** Assigned by the ledger. It fences off earlier attempts: the ledger rejects their writes. */
  readonly attemptNumber: number;
  readonly call: CallContext;
}

/**
 * Performs the effect once and returns its result. A repeated call with the same key returns the recorded result.
 *
 * @throws `busy` (retryable) while another attempt holds the lease or an earlier call may still be running.
 * @throws `Compensated` (non-retryable) when the operation was undone.
 * @throws `outcome_unknown` (non-retryable) when only an operator can determine whether the effect happened.
 * @throws {KeyReused} when the key was used for a different request. Errors of the steps are thrown unchanged.
 */
export const effectOnce = async <Result>(
  ledger: OperationLedger,
  operation: EffectOperation,
  context: AttemptContext,
  steps: EffectSteps<Result>,
): Promise<Result> => {
  const { request, ...row } = operation;
  const { leaseMs } = context;
  const begun = await ledger.begin({
    ...row,
    requestHash: requestHash(request),
    leaseMs,
    handedOver: steps.kind === 'idempotent',
  });
  switch (begun.kind) {
    case 'busy':
      throw busyFailure(row, begun.remainingMs, leaseMs);
    case 'done':
      await removeSurplusEffects(ledger, row.key, context, steps, begun.surplus);
      return steps.result.parse(begun.result);
    case 'undone':
      await removeSurplusEffects(ledger, row.key, context, steps, begun.surplus);
      throw compensatedFailure(row.key);
    case 'first':
    case 'again': {
      // The deadline starts after the ledger's answer, so that a slow database does not shorten the call.
      const call = context.startCall();
      const attempt = { ledger, operation, context, steps, attemptNumber: begun.attempt, call };
      return begun.kind === 'first' ? perform(attempt) : performAgain(attempt, begun.doubt);
    }
  }
};

const performAgain = async <Result>(attempt: EffectAttempt<Result>, doubt: Doubt): Promise<Result> => {
  const { steps, operation } = attempt;
  if (steps.kind === 'idempotent') return perform(attempt);
  const found = await findEarlierEffect(attempt, () => steps.find(doubt, attempt.call));
  switch (found.kind) {
    case 'found':
      return record(attempt, found.result, found.surplus);
    case 'absent':
      if (remainingSettleMs(doubt) > 0) await releaseLease(attempt, 'none');
      requireSettled(operation, doubt);
      return perform(attempt);
    case 'unknowable':
      return isRetriedByOperator(attempt, doubt) ? perform(attempt) : failAsOutcomeUnknown(attempt);
  }
};

/**
 * A search has no effect. When it fails, the lease is released and the outcome of the earlier attempt stays unknown.
 */
const findEarlierEffect = async <Result>(
  attempt: EffectAttempt<Result>,
  find: () => Promise<SearchResult<Result>>,
): Promise<SearchResult<Result>> => {
  try {
    return await find();
  } catch (error) {
    await releaseLease(attempt, 'none');
    throw error;
  }
};

/**
 * Whether an operator has decided to repeat the effect. An earlier activity execution ended with `outcome_unknown`, and
 * the operator's retry started a new execution. A retry of the same execution, whose failure was lost in transit, is
 * not the operator's decision.
 */
const isRetriedByOperator = <Result>(
  { context: { execution, isOperatorRetry = true } }: EffectAttempt<Result>,
  { askedBy }: Doubt,
): boolean => isOperatorRetry && askedBy !== undefined && execution !== undefined && askedBy !== execution;

/** Without an execution the attempt leaves the question to the attempt at this effect alone. */
const failAsOutcomeUnknown = async <Result>(attempt: EffectAttempt<Result>): Promise<never> => {
  const {
    ledger,
    operation,
    context: { execution },
    attemptNumber,
  } = attempt;
  if (execution === undefined) await releaseLease(attempt, 'none');
  else await ledger.markOperatorAsked(operation.key, attemptNumber, execution);
  throw outcomeUnknownFailure(operation);
};

const perform = async <Result>(attempt: EffectAttempt<Result>): Promise<Result> => {
  const { ledger, operation, context, steps, attemptNumber, call } = attempt;
  let hasHandoverBegun = steps.kind === 'idempotent';
  const handOver: HandOver = (target) => {
    hasHandoverBegun = true;
    return ledger.handOver(operation.key, attemptNumber, target);
  };
  const keepLease = () => ledger.renew(operation.key, attemptNumber, context.leaseMs);
  let result: Result;
  try {
    result =
      steps.kind === 'idempotent'
        ? await steps.perform({ ...call, keepLease })
        : await steps.perform(handOver, call, attemptNumber);
  } catch (error) {
    // Before the hand-over the effect is not possible, whatever the error is.
    const effectState = hasHandoverBegun ? effectStateAfter(error, call.signal) : 'none';
    if (effectState !== 'unclear') await releaseLease(attempt, effectState);
    throw error;
  }
  return record(attempt, result, []);
};

/** Statuses of a gateway that has lost its backend: the backend may still be processing the request. */
const gatewayErrorStatuses: ReadonlySet<number | undefined> = new Set([502, 504]);

/**
 * Returns what a failed call has left behind. `none`: no effect. `unknown`: the call has ended, its effect is unknown.
 * `open`: the call may still be running at the provider. `unclear`: an error of this service; the lease is kept until
 * it expires, as after a crash of the worker.
 */
const effectStateAfter = (error: unknown, signal: AbortSignal): 'none' | 'unknown' | 'open' | 'unclear' => {
  if (!(error instanceof ProviderError)) return 'unclear';
  if (!mayHaveTakenEffect(error)) return 'none';
  const { status } = error.vendor;
  const ended = status !== undefined && !gatewayErrorStatuses.has(status) && !signal.aborted;
  return ended ? 'unknown' : 'open';
};

/** Best effort: a lease that cannot be released expires. The caller reports the error that led here. */
const releaseLease = async <Result>(
  { ledger, operation, attemptNumber }: EffectAttempt<Result>,
  effect: 'none' | 'unknown' | 'open',
): Promise<void> => {
  await ledger.release(operation.key, attemptNumber, effect).catch(() => undefined);
};

const record = async <Result>(
  { ledger, operation: { key }, context, steps }: EffectAttempt<Result>,
  result: Result,
  extraResults: readonly Result[],
): Promise<Result> => {
  const effectOf = (recorded: Result): Effect => ({
    providerId: steps.providerId(recorded),
    result: recorded,
  });
  const surplus = extraResults.map(effectOf);
  try {
    await ledger.complete(key, effectOf(result), surplus);
  } catch (error) {
    // The attempt or undo that overtook this one did not see its effect, so this attempt removes it.
    if (error instanceof Overtaken) {
      await removeSurplusEffects(ledger, key, context, steps, [effectOf(result), ...surplus]);
    }
    throw error;
  }
  await removeSurplusEffects(ledger, key, context, steps, surplus);
  return result;
};

/** An effect that cannot be removed now stays in the ledger. The next attempt or the undo removes it. */
const removeSurplusEffects = async <Result>(
  ledger: OperationLedger,
  key: string,
  { startCleanUp }: AttemptContext,
  steps: EffectSteps<Result>,
  surplus: readonly Effect[],
): Promise<void> => {
  if (!steps.removeEffect || surplus.length === 0) return;
  const call = startCleanUp();
  const { removeEffect: remove } = steps;
  await removeSurplus(ledger, key, surplus, ({ result }) => remove(steps.result.parse(result), call));
};
