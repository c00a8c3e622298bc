/**
 * Our errors as Temporal's failures. The failure's type is the code the workflow reads, and its fate (tried again,
 * when, or never) follows from the kind of fault, in one table.
 */
import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, TemporalFailure } from '@temporalio/common';
import { z } from 'zod';
import { AuditConflict, KeyReused, Overtaken } from '../db/errors.ts';
import { IllegalTransition } from '../domain/audition/view.ts';
import { isCircuitOpen, ProviderError, type ProviderFault } from '../domain/errors.ts';
import { type DatabaseFault, databaseFaultOf } from '../foundation/observability/database-fault.ts';

/** The type of the failure of an attempt that came after its own compensation. */
const compensatedType = 'Compensated';

/** Whether trying again can help, and whether the failure is an ordinary day's business that should raise no alarm. */
const retryPolicies: Readonly<
  Record<ProviderFault['kind'], { readonly retried: boolean; readonly expected: boolean }>
> = {
  outage: { retried: true, expected: false },
  retry: { retried: true, expected: false },
  retry_after: { retried: true, expected: true },
  quota_exhausted: { retried: true, expected: true },
  reconnect: { retried: false, expected: true },
  misconfigured: { retried: false, expected: false },
  not_permitted: { retried: false, expected: true },
  not_found: { retried: false, expected: true },
  conflict: { retried: false, expected: false },
  rejected_input: { retried: false, expected: false },
};

/** The error as Temporal should see it. What is Temporal's already, a cancellation above all, passes as it is. */
export const toTemporalFailure = (error: unknown, now = Date.now(), random = Math.random): unknown => {
  if (error instanceof TemporalFailure) return error;
  if (error instanceof ProviderError) return providerFailure(error, now, random);
  if (error instanceof Overtaken) return overtakenFailure(error);
  if (isPermanent(error)) {
    return ApplicationFailure.create({ type: error.name, message: error.message, nonRetryable: true });
  }
  const fault = databaseFaultOf(error);
  return fault ? databaseFailure(fault) : error;
};

/** What no retry mends: what was asked contradicts what is there, or itself. */
const isPermanent = (error: unknown): error is Error =>
  error instanceof KeyReused ||
  error instanceof AuditConflict ||
  error instanceof IllegalTransition ||
  error instanceof z.ZodError;

/** PostgreSQL's classes of errors that lie in the values: data and integrity. A table that is not as expected can be mended. */
const dataErrorCode = /^(22|23)/;

/** A database that is down comes back; what it refuses it refuses again. Carries nothing of a statement. */
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
  retried = retryPolicies[error.fault.kind].retried,
): ApplicationFailure => {
  const { fault, provider, operation, vendor, connection } = error;
  const { expected } = retryPolicies[fault.kind];
  const named = requestedDelayOf(fault, now);
  const nextRetryDelay = named === undefined ? undefined : withJitter(named, random, longestSpreadMs);
  return ApplicationFailure.create({
    type: fault.kind,
    message: error.message,
    nonRetryable: !retried,
    ...(nextRetryDelay === undefined ? {} : { nextRetryDelay }),
    // The calls that opened it have been told of already: those that are held back are no news.
    ...(expected || isCircuitOpen(error) ? { category: ApplicationFailureCategory.BENIGN } : {}),
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

/** The same failure for a caller who has somewhere else to go, and need not wait for an open circuit to close. */
export const nonRetryableProviderFailure = (error: ProviderError): ApplicationFailure =>
  providerFailure(error, Date.now(), Math.random, false);

/** Temporal's server takes a delay of 0 for "never again": its interval is over before it began (retry.go). */
const shortestDelayMs = 1_000;
const longestSpreadMs = 60_000;

/** All who were told the same time must not come back in one instant: up to a fifth later, never earlier. */
export const withJitter = (delayMs: number, random: () => number, atMostMs: number): number => {
  const atLeast = Math.max(delayMs, shortestDelayMs);
  return Math.ceil(atLeast + random() * Math.min(atLeast / 5, atMostMs));
};

/** Milliseconds until the time that the provider named, or undefined where the retry policy decides. */
const requestedDelayOf = (fault: ProviderFault, now: number): number | undefined => {
  switch (fault.kind) {
    case 'retry_after':
    case 'outage':
    case 'retry':
      return fault.delayMs;
    case 'quota_exhausted':
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

/** Which operation a failure is about. */
interface OperationRef {
  readonly provider: string;
  readonly operation: string;
}

/**
 * Another attempt holds the lease, or its call may still be under way: come back when that is over. The time left is
 * measured by the database's clock; `atMostMs` bounds the wait should that clock jump.
 */
export const busyFailure = (
  { provider, operation }: OperationRef,
  remainingMs: number,
  atMostMs: number,
): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'busy',
    message: `another attempt at ${operation} is or may still be under way`,
    nextRetryDelay: Math.ceil(Math.max(shortestDelayMs, Math.min(remainingMs, atMostMs))),
    category: ApplicationFailureCategory.BENIGN,
    details: [{ provider, operation }],
  });

/** It may have happened and nobody can be asked: a person checks, and has it tried again or leaves it. */
export const outcomeUnknownFailure = ({ provider, operation }: OperationRef): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'outcome_unknown',
    message: `${operation} may have happened: check, then retry to do it again or skip`,
    nonRetryable: true,
    details: [{ provider, operation }],
  });

/** An undo got here first, and that is the end of it; or another attempt did, and its result is there to be read. */
const overtakenFailure = (error: Overtaken): ApplicationFailure =>
  error.by === 'undo'
    ? compensatedFailure(error.key)
    : ApplicationFailure.create({
        type: 'busy',
        message: error.message,
        category: ApplicationFailureCategory.BENIGN,
      });

/** The step was undone before this attempt came: doing it now would leave something behind. */
export const compensatedFailure = (key: string): ApplicationFailure =>
  ApplicationFailure.create({
    type: compensatedType,
    message: `'${key}' has been undone and is not done again`,
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });

/** The activity with its errors translated. An activity that was cancelled ends as cancelled, whatever broke first. */
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
