/** Detects outages of PostgreSQL, Temporal and the KMS. They are temporary, unlike our own bugs. */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { isDatabaseOutage } from '../../db/errors.ts';
import { Refusal } from '../../domain/errors.ts';
import { KmsFailure } from '../../foundation/encryption/aws-kms.ts';

/** Retry-After in seconds: about the duration of a restart of PostgreSQL or Temporal. */
export const retryAfterSeconds = 5;

/** gRPC's CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED and UNAVAILABLE. */
const transientGrpcCodes: ReadonlySet<number> = new Set([1, 4, 8, 10, 14]);

const failedPrecondition = 9;
/**
 * The server's text for a query or an update while the workflow's last task has timed out, such as after its worker was
 * killed. It is in the details; for an update-with-start it is in the message.
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

/** Searches the chain of causes, because the SDK wraps errors. */
const isTemporalOutage = (error: unknown): boolean => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isGrpcServiceError(current) && isTransientGrpcError(current)) return true;
    if (current instanceof ServiceError && current.cause === undefined) return true;
  }
  return false;
};

/** Returns whether the error is an outage of a dependency. */
export const isOutage = (error: unknown): boolean =>
  isDatabaseOutage(error) || isTemporalOutage(error) || error instanceof KmsFailure;

/** Creates the refusal for an outage (503). */
export const temporarilyUnavailable = (): Refusal =>
  new Refusal(
    'temporarily_unavailable',
    'A dependency that this request needs is unavailable.',
    'Send the same request again after the time in Retry-After; with the same Idempotency-Key nothing happens twice.',
  );
