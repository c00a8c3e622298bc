/**
 * One effect per key, whatever crashes. The ledger's row is written before the call; an attempt that finds an earlier
 * one without a record asks the provider what became of it before it acts. See docs/idempotency.md.
 */
import { Overtaken } from '../../db/errors.ts';
import type { Doubt, Effect, OperationLedger } from '../../db/ledger/operations.ts';
import { mayHaveTakenEffect, ProviderError } from '../../domain/errors.ts';
import type { CallContext } from '../../providers/ports.ts';
import { busyFailure, compensatedFailure, outcomeUnknownFailure } from '../failures.ts';
import type { AttemptContext } from './attempt.ts';
import { requestHash } from './deterministic-ids.ts';
import { remainingSettleMs, requireSettled } from './settle-window.ts';
import type { EffectOperation, EffectSteps, SearchResult } from './steps.ts';
import { removeSurplus } from './surplus.ts';

/** What every line below needs to know of the attempt. */
interface EffectAttempt<Result> {
  readonly ledger: OperationLedger;
  readonly operation: EffectOperation;
  readonly context: AttemptContext;
  readonly steps: EffectSteps<Result>;
  /** Of the ledger: it fences off whoever began earlier. */
  readonly attemptNumber: number;
  readonly call: CallContext;
}

/**
 * Has the effect once and answers with its result, now and whenever it is asked again.
 *
 * Throws a retryable `busy` while another attempt holds the lease or an earlier call may still be under way, a
 * non-retryable `Compensated` once the operation was undone, a non-retryable `outcome_unknown` where only a person can
 * say whether it happened, `KeyReused` for a key that stood for another request, and what the steps throw.
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
      await takeBack(ledger, row.key, context, steps, begun.surplus);
      return steps.result.parse(begun.result);
    case 'undone':
      await takeBack(ledger, row.key, context, steps, begun.surplus);
      throw compensatedFailure(row.key);
    case 'first':
    case 'again': {
      // The deadline starts here: however long the ledger took, the call has its whole time.
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
      return isRetriedByOperator(attempt, doubt) ? perform(attempt) : askOperator(attempt);
  }
};

/** Looking has no effect: when it fails the lease may go, and what the earlier attempt did is as unknown as before. */
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
 * A person was told of this doubt by an activity execution that ended with it, and has had another one started: the
 * answer is to do it again. A retry of that very execution, whose failure was lost on its way, is no answer.
 */
const isRetriedByOperator = <Result>({ context }: EffectAttempt<Result>, { askedBy }: Doubt): boolean =>
  askedBy !== undefined && askedBy !== context.execution;

const askOperator = async <Result>({
  ledger,
  operation,
  context,
  attemptNumber,
}: EffectAttempt<Result>): Promise<never> => {
  await ledger.markOperatorAsked(operation.key, attemptNumber, context.execution);
  throw outcomeUnknownFailure(operation);
};

const perform = async <Result>(attempt: EffectAttempt<Result>): Promise<Result> => {
  const { ledger, operation, steps, attemptNumber, call } = attempt;
  let result: Result;
  try {
    result =
      steps.kind === 'idempotent'
        ? await steps.perform(call)
        : await steps.perform(() => ledger.handOver(operation.key, attemptNumber), call);
  } catch (error) {
    const effectState = effectStateAfter(error, call.signal);
    if (effectState !== 'unclear') await releaseLease(attempt, effectState);
    throw error;
  }
  return record(attempt, result, []);
};

/** A gateway's word that it lost sight of the work behind it, which may go on. */
const gatewayErrorStatuses: ReadonlySet<number | undefined> = new Set([502, 504]);

/**
 * What a failed call has left behind: nothing, something `unknown` although it has ended, or a call that may still be
 * `open` because nobody saw it end. `unclear` is a failing of ours: the lease runs out as if the worker had died.
 */
const effectStateAfter = (error: unknown, signal: AbortSignal): 'none' | 'unknown' | 'open' | 'unclear' => {
  if (!(error instanceof ProviderError)) return 'unclear';
  if (!mayHaveTakenEffect(error)) return 'none';
  const { status } = error.vendor;
  const ended = status !== undefined && !gatewayErrorStatuses.has(status) && !signal.aborted;
  return ended ? 'unknown' : 'open';
};

/** A lease that cannot be given back runs out by itself; the error that led here is the one to report. */
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
  const effectOf = (one: Result): Effect => ({ providerId: steps.providerId(one), result: one });
  const surplus = extraResults.map(effectOf);
  try {
    await ledger.complete(key, effectOf(result), surplus);
  } catch (error) {
    // Whoever was here instead did not see our effect: taking it back is up to us.
    if (error instanceof Overtaken) {
      await takeBack(ledger, key, context, steps, [effectOf(result), ...surplus]);
    }
    throw error;
  }
  await takeBack(ledger, key, context, steps, surplus);
  return result;
};

/** What cannot be taken back now stays noted, for the next attempt or the undo. */
const takeBack = async <Result>(
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
