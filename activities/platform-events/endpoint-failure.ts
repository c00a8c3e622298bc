/** A receiver that does not take a message, as Temporal's failure: tried again, later each time. */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { withJitter } from '../failures.ts';

/** Read by the workflow: this, and nothing else, is the endpoint's fault. */
const endpointFailedType = 'endpoint_failed';

const firstDelayMs = 5_000;
const longestDelayMs = 3_600_000;

/**
 * 5 s, doubled each time up to an hour, or what the receiver named if that is longer; and up to a fifth more, so that
 * those that failed together do not come back together.
 */
export const endpointRetryDelayMs = (
  attempt: number,
  retryAfterMs: number | undefined,
  random = Math.random,
): number => {
  const own = Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs);
  return withJitter(Math.max(own, retryAfterMs ?? 0), random, Number.POSITIVE_INFINITY);
};

/** Benign: that somebody else's server is down is an ordinary day's business. That it stays down is told otherwise. */
export const endpointFailure = (
  { message, answer, retryAfterMs }: { message: string; answer: string; retryAfterMs?: number | undefined },
  attempt: number,
): ApplicationFailure =>
  ApplicationFailure.create({
    type: endpointFailedType,
    message: `the receiver did not take ${message}: ${answer}`,
    nextRetryDelay: endpointRetryDelayMs(attempt, retryAfterMs),
    category: ApplicationFailureCategory.BENIGN,
    details: [{ message, answer }],
  });
