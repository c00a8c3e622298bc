/** Keeps a long attempt alive: heartbeats for Temporal, and the lease of the ledger. */
import { Context } from '@temporalio/activity';
import { errorMessage } from '@temporalio/common';
import { Overtaken } from '../../db/errors.ts';

/** Well below the heartbeat timeout of 20 s, which the workflow sets. */
const intervalMs = 5_000;

interface Progress {
  /** Sets the detail of the next heartbeat. Operators see it in the Web UI; an attempt does not depend on it. */
  report(stored: number): void;
  /** Aborted when another attempt owns the operation, or the lease could not be renewed in time. */
  readonly signal: AbortSignal;
  stop(): void;
}

/**
 * Starts the heartbeats. Must be called within an activity.
 *
 * @param keepLease extends the lease by `leaseMs`. A database that is down is tried again until the lease has ended.
 */
export const startProgress = (keepLease: () => Promise<void>, leaseMs: number): Progress => {
  const context = Context.current();
  const lost = new AbortController();
  let stored = 0;
  let leaseEndsAt = performance.now() + leaseMs;

  const renew = async (): Promise<void> => {
    const renewedFrom = performance.now();
    try {
      await keepLease();
      leaseEndsAt = renewedFrom + leaseMs;
    } catch (error) {
      if (error instanceof Overtaken || performance.now() + intervalMs >= leaseEndsAt)
        lost.abort(new Error(`the lease of the transfer was lost: ${errorMessage(error) ?? 'no reason'}`));
    }
  };
  const timer = setInterval(() => {
    context.heartbeat({ stored });
    void renew();
  }, intervalMs);
  return {
    report: (bytes) => {
      stored = bytes;
    },
    signal: lost.signal,
    stop: () => clearInterval(timer),
  };
};
