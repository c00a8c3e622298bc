/** Tells an outage of PostgreSQL, Temporal or the KMS, which passes, from a fault of ours, which does not. */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { isDatabaseOutage } from '../../db/errors.ts';
import { Refusal } from '../../domain/errors.ts';
import { KmsFailure } from '../../foundation/encryption/aws-kms.ts';

/** Seconds after which one may try again: a restart of either takes about this long. */
export const retryAfterSeconds = 5;

/** gRPC's CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED and UNAVAILABLE. */
const transientGrpcCodes: ReadonlySet<number> = new Set([1, 4, 8, 10, 14]);

const failedPrecondition = 9;
/**
 * What the server says to a query or an update while a workflow's last task has timed out, as when its worker was
 * killed: in the details, or, for an update with start, in what the SDK makes the message of them.
 */
const failedWorkflowTask = /workflow task in failed state/i;

const isTransientGrpcError = ({
  code,
  details,
  message,
}: {
  code: number;
  details: string;
  message: string;
}): boolean =>
  transientGrpcCodes.has(code) ||
  (code === failedPrecondition && failedWorkflowTask.test(`${details} ${message}`));

/** The SDK wraps: the fact is somewhere down the chain of causes. */
const isTemporalOutage = (error: unknown): boolean => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isGrpcServiceError(current) && isTransientGrpcError(current)) return true;
    if (current instanceof ServiceError && current.cause === undefined) return true;
  }
  return false;
};

export const isOutage = (error: unknown): boolean =>
  isDatabaseOutage(error) || isTemporalOutage(error) || error instanceof KmsFailure;

export const temporarilyUnavailable = (): Refusal =>
  new Refusal(
    'temporarily_unavailable',
    'A part of the service that this request needs does not answer right now.',
    'Send the same request again after the time in Retry-After; with the same Idempotency-Key nothing happens twice.',
  );
