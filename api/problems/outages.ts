/** Tells an outage of PostgreSQL or Temporal, which passes, from a fault of ours, which does not. */
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { Refusal } from '../../domain/errors.ts';

/** Seconds after which one may try again: a restart of either takes about this long. */
export const retryAfterSeconds = 5;

/** Node's names of a connection that failed, and PostgreSQL's (Appendix A of its manual: classes 08, 53 and 57P). */
const connectionCodes = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|08...|53...|57P0.)$/;
/** pg says these in words only. */
const connectionWords = /Connection terminated|timeout exceeded when trying to connect|Query read timeout/;

/** gRPC's CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED and UNAVAILABLE. */
const passingGrpcCodes: ReadonlySet<number> = new Set([1, 4, 8, 14]);

const isPassing = (error: Error): boolean => {
  if (isGrpcServiceError(error)) return passingGrpcCodes.has(error.code);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return connectionCodes.test(code) || connectionWords.test(error.message);
};

/** Drivers wrap: the fact is somewhere down the chain of causes. */
export const isOutage = (error: unknown): boolean => {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isPassing(current)) return true;
    if (current instanceof AggregateError && current.errors.some(isOutage)) return true;
    if (current instanceof ServiceError && current.cause === undefined) return true;
  }
  return false;
};

export const temporarilyUnavailable = (): Refusal =>
  new Refusal(
    'temporarily_unavailable',
    'A part of the service that this request needs does not answer right now.',
    'Send the same request again after the time in Retry-After; with the same Idempotency-Key nothing happens twice.',
  );
