/** One call to a provider from within an activity: its deadline, its signal, and the lease that outlives it. */
import { cancellationSignal } from '@temporalio/activity';
import type { CallContext } from '../../providers/ports.ts';

/**
 * How long all exchanges of one attempt may take together. Well under the 15 s of the activities' start-to-close
 * timeout, so that an attempt ends and says why before the server gives it up. Calls this short need no heartbeat:
 * the server notices a dead worker at the start-to-close timeout, and a cancellation waits 8 s at most.
 */
const callDeadlineMs = 8_000;

/**
 * How long an attempt keeps others out: the deadline and a margin for what runs before and after the call. It ends
 * before the server's next attempt after a timeout (15 s), so that a crash costs no extra round.
 */
export const leaseMs = 12_000;

/** Aborted by the activity's cancellation, the worker's shutdown, or the deadline, whichever comes first. */
export const callWithDeadline = (correlationId: string): CallContext => ({
  correlationId,
  signal: AbortSignal.any([cancellationSignal(), AbortSignal.timeout(callDeadlineMs)]),
});
