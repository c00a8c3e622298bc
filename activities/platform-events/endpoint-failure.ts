/** Converts a failed delivery to a webhook endpoint to a Temporal failure that is retried with increasing delays. */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { withJitter } from '../failures.ts';

/** The workflow reads this type: only these failures count against the endpoint. */
const endpointFailedType = 'endpoint_failed';

const firstDelayMs = 5_000;
const longestDelayMs = 3_600_000;

/**
 * Returns the delay before the next attempt in milliseconds: 5 s, doubled with each attempt up to one hour, or the
 * receiver's Retry-After when that is longer. Plus a jitter of up to a fifth, so that deliveries that failed together
 * are not retried together.
 * @param attempt 1 for the first.
 */
export const endpointRetryDelayMs = (
  attempt: number,
  retryAfterMs: number | undefined,
  random = Math.random,
): number => {
  const backoffMs = Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs);
  return withJitter(Math.max(backoffMs, retryAfterMs ?? 0), random, Number.POSITIVE_INFINITY);
};

/**
 * Creates the retryable failure `endpoint_failed`. It is benign, since an outage of an external server is normal
 * operation. A lasting outage disables the endpoint, which is logged and counted.
 */
export const endpointFailure = (
  { message, answer, retryAfterMs }: { message: string; answer: string; retryAfterMs?: number | undefined },
  attempt: number,
): ApplicationFailure =>
  ApplicationFailure.create({
    type: endpointFailedType,
    message: `the receiver did not accept ${message}: ${answer}`,
    nextRetryDelay: endpointRetryDelayMs(attempt, retryAfterMs),
    category: ApplicationFailureCategory.BENIGN,
    details: [{ message, answer }],
  });
