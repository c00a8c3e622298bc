/**
 * Converts errors of this service to Temporal failures. The type of the failure is the code that the workflow reads.
 * The table `retryPolicies` decides by the kind of fault whether Temporal retries. A delay that the provider requested
 * decides when.
 */
import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, TemporalFailure } from '@temporalio/common';
import { z } from 'zod';
import { KeyReused, Overtaken, TrailAhead } from '../db/errors.ts';
import { IllegalTransition } from '../domain/audition/view.ts';
import { isCircuitOpen, ProviderError, type ProviderFault } from '../domain/errors.ts';
import { type DatabaseFault, databaseFaultOf } from '../foundation/observability/database-fault.ts';
import type { AnyOperationName } from '../providers/operations.ts';

/** The failure type of an attempt that starts after its step was compensated. */
const compensatedType = 'Compensated';

/** The failure type of an attempt while another one runs. */
const busyType = 'busy';

/**
 * `retryable`: whether a retry can help. `benign`: whether the failure is normal operation and must not raise an
 * alarm.
 */
const retryPolicies: Readonly<
  Record<ProviderFault['kind'], { readonly retryable: boolean; readonly benign: boolean }>
> = {
  outage: { retryable: true, benign: false },
  retry: { retryable: true, benign: false },
  retry_after: { retryable: true, benign: true },
  quota_exhausted: { retryable: true, benign: true },
  sender_refused: { retryable: true, benign: true },
  reconnect: { retryable: false, benign: true },
  misconfigured: { retryable: false, benign: false },
  not_permitted: { retryable: false, benign: true },
  not_found: { retryable: false, benign: true },
  conflict: { retryable: false, benign: false },
  rejected_input: { retryable: false, benign: false },
};

/**
 * Returns the error as a Temporal failure. Temporal's own failures, such as a cancellation, and unknown errors are
 * returned unchanged.
 * @param now epoch milliseconds.
 * @param random returns a number from 0 to 1, for the jitter of the retry delay.
 */
export const toTemporalFailure = (error: unknown, now = Date.now(), random = Math.random): unknown => {
  if (error instanceof TemporalFailure) return error;
  if (error instanceof ProviderError) return providerFailure(error, now, random);
  if (error instanceof Overtaken) return overtakenFailure(error);
  if (error instanceof TrailAhead) return trailAheadFailure(error);
  if (isPermanent(error)) {
    return ApplicationFailure.create({ type: error.name, message: error.message, nonRetryable: true });
  }
  const fault = databaseFaultOf(error);
  return fault ? databaseFailure(fault) : error;
};

/** Benign, because a reset in Temporal causes it, and the run that gets it takes the audition over. */
const trailAheadFailure = (error: TrailAhead): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'trail_ahead',
    message: error.message,
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
    details: [{ number: error.number }],
  });

/** Errors that no retry fixes: the request contradicts the stored data, or itself. */
const isPermanent = (error: unknown): error is Error =>
  error instanceof KeyReused || error instanceof IllegalTransition || error instanceof z.ZodError;

/**
 * PostgreSQL's error classes for invalid values: 22 (data exception) and 23 (integrity violation). Other classes, such
 * as a missing table, can be fixed while Temporal retries.
 */
const dataErrorCode = /^(22|23)/;

/**
 * An outage is retryable, a rejected value is not. The message contains no part of the statement, only its SQLSTATE.
 */
const databaseFailure = ({ name, code }: DatabaseFault): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'database',
    message: `the database failed: ${name} (${code ?? 'no code'})`,
    nonRetryable: dataErrorCode.test(code ?? ''),
  });

const providerFailure = (
  error: ProviderError,
  now: number,
  random: () => number,
  isRetryable = retryPolicies[error.fault.kind].retryable,
): ApplicationFailure => {
  const { fault, provider, operation, vendor, connection } = error;
  const { benign } = retryPolicies[fault.kind];
  const requestedDelayMs = requestedDelayOf(fault, now);
  const nextRetryDelay =
    requestedDelayMs === undefined ? undefined : withJitter(requestedDelayMs, random, maxJitterMs);
  return ApplicationFailure.create({
    type: fault.kind,
    message: error.message,
    nonRetryable: !isRetryable,
    ...(nextRetryDelay === undefined ? {} : { nextRetryDelay }),
    // The failures that opened the circuit were reported already. A call that the open circuit rejects adds nothing.
    ...(benign || isCircuitOpen(error) ? { category: ApplicationFailureCategory.BENIGN } : {}),
    details: [
      {
        provider,
        operation,
        code: vendor.code,
        status: vendor.status,
        ...(connection ? { connection } : {}),
        ...(isCircuitOpen(error) ? { circuit: 'open' } : {}),
      },
    ],
  });
};

/**
 * Returns the failure of a provider error as non-retryable. For a caller that has another provider and therefore does
 * not wait until an open circuit closes.
 */
export const nonRetryableProviderFailure = (error: ProviderError): ApplicationFailure =>
  providerFailure(error, Date.now(), Math.random, false);

/** Temporal's server does not retry after a delay of 0 (`retry.go` in temporalio/temporal). */
const minDelayMs = 1_000;
const maxJitterMs = 60_000;

/**
 * Returns the delay (milliseconds) plus a random jitter, so that attempts with the same delay do not run
 * simultaneously. The result is never shorter than `delayMs` and never shorter than one second.
 * @param atMostMs the maximum jitter in milliseconds; the jitter is also at most a fifth of the delay.
 */
export const withJitter = (delayMs: number, random: () => number, atMostMs: number): number => {
  const atLeast = Math.max(delayMs, minDelayMs);
  return Math.ceil(atLeast + random() * Math.min(atLeast / 5, atMostMs));
};

/** Milliseconds until the time that the provider requested, or undefined when the retry policy decides. */
/** Returns the delay that the provider has asked for, in milliseconds. */
export const requestedDelayOf = (fault: ProviderFault, now: number): number | undefined => {
  switch (fault.kind) {
    case 'retry_after':
    case 'outage':
    case 'retry':
      return fault.delayMs;
    case 'quota_exhausted':
    case 'sender_refused':
      return fault.untilMs - now;
    case 'reconnect':
    case 'misconfigured':
    case 'not_permitted':
    case 'not_found':
    case 'conflict':
    case 'rejected_input':
      return undefined;
  }
};

/** The operation that failed. */
interface OperationRef {
  readonly provider: string;
  readonly operation: AnyOperationName;
  /** The name of the call in the catalog, if it is not `operation`. */
  readonly call?: AnyOperationName;
}

/**
 * Creates the retryable failure `busy`: another attempt holds the lease, or its call may still be running.
 * @param remainingMs milliseconds until that attempt is over, by the database's clock.
 * @param atMostMs the maximum retry delay in milliseconds. It bounds the wait if the database's clock jumps.
 */
export const busyFailure = (
  { provider, operation: recorded, call: operation = recorded }: OperationRef,
  remainingMs: number,
  atMostMs: number,
): ApplicationFailure =>
  ApplicationFailure.create({
    type: busyType,
    message: `another attempt at ${operation} is running or may still be running; it is retried when that attempt is over`,
    nextRetryDelay: Math.ceil(Math.max(minDelayMs, Math.min(remainingMs, atMostMs))),
    category: ApplicationFailureCategory.BENIGN,
    details: [{ provider, operation }],
  });

/** Returns whether the error is a failure `busy`. */
export const isBusyFailure = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === busyType;

/**
 * Creates the non-retryable failure `outcome_unknown`: the effect may have happened, and no system can confirm it. An
 * operator checks and then retries or skips the step.
 */
export const outcomeUnknownFailure = ({
  provider,
  operation: recorded,
  call: operation = recorded,
}: OperationRef): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'outcome_unknown',
    message: `${operation} may have happened: check, then retry to do it again or skip`,
    nonRetryable: true,
    details: [{ provider, operation }],
  });

/** After an undo the attempt must not be repeated. After another attempt a retry reads the recorded result. */
const overtakenFailure = (error: Overtaken): ApplicationFailure =>
  error.by === 'undo'
    ? compensatedFailure(error.key)
    : ApplicationFailure.create({
        type: busyType,
        message: error.message,
        category: ApplicationFailureCategory.BENIGN,
      });

/** Returns whether the error is a failure `Compensated`. */
export const isCompensatedFailure = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === compensatedType;

/** Creates the non-retryable failure `Compensated`: the step was undone before this attempt, so it must not run now. */
export const compensatedFailure = (key: string): ApplicationFailure =>
  ApplicationFailure.create({
    type: compensatedType,
    message: `'${key}' was undone; it is not performed again`,
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });

/**
 * Returns the activity with its errors converted to Temporal failures. A cancelled activity always ends as cancelled.
 */
export const withTemporalFailures =
  <Input, Result>(activity: (input: Input) => Promise<Result>): ((input: Input) => Promise<Result>) =>
  async (input) => {
    try {
      return await activity(input);
    } catch (error) {
      const { aborted, reason } = cancellationSignal();
      if (aborted && reason instanceof TemporalFailure) throw reason;
      throw toTemporalFailure(error);
    }
  };
