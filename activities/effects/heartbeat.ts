/** Sends Temporal heartbeats while an activity works. */
import { Context } from '@temporalio/activity';

/** Well below the heartbeat timeout of 20 s, which the workflow sets for the activity. */
const heartbeatIntervalMs = 5_000;

/**
 * Runs the work of a long attempt and sends a heartbeat every 5 s. The server then detects a dead worker within the
 * heartbeat timeout instead of the start-to-close timeout. The heartbeat has no details: each attempt reads the
 * progress of the previous one from the ledger and the provider.
 */
export const withHeartbeat = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), heartbeatIntervalMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
};
