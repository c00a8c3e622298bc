/** Keeps a long attempt alive: heartbeats for Temporal, and the lease of the ledger. */
import { Context } from '@temporalio/activity';
import { errorMessage } from '@temporalio/common';
import { z } from 'zod';
import { Overtaken } from '../../db/errors.ts';

const detailsSchema = z.object({ version: z.string().describe('The version of the file').optional() });

/** Returns the version of the file that the earlier attempts have downloaded. Undefined: none of them has said it. */
export const earlierVersion = (): string | undefined =>
  detailsSchema.safeParse(Context.current().info.heartbeatDetails).data?.version;

/** Well below the heartbeat timeout of 20 s, which the workflow sets. */
const intervalMs = 5_000;

interface Progress {
  /** Sets the detail of the next heartbeat. Operators see it in the Web UI. */
  report(stored: number): void;
  /** Sends the version of the file that is downloaded, in a heartbeat of its own: the next attempt continues with the same version only. */
  identify(version: string): void;
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
  let version = earlierVersion();
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
    context.heartbeat({ stored, version });
    void renew();
  }, intervalMs);
  return {
    report: (bytes) => {
      stored = bytes;
    },
    identify: (found) => {
      version = found;
      context.heartbeat({ stored, version });
    },
    signal: lost.signal,
    stop: () => clearInterval(timer),
  };
};
