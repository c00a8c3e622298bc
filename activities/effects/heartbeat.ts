import { Context } from '@temporalio/activity';

/** Often enough for the heartbeat timeout of 20 s that the workflow sets beside the call. */
const heartbeatIntervalMs = 5_000;

/**
 * Does the work of a long attempt while the server hears that it lives: a worker that died is noticed within the
 * heartbeat timeout, not at the end of the start-to-close timeout. There is no progress to tell: each attempt asks the
 * ledger and the provider how far the last one came.
 */
export const withHeartbeat = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  const context = Context.current();
  const beating = setInterval(() => context.heartbeat(), heartbeatIntervalMs);
  try {
    return await work();
  } finally {
    clearInterval(beating);
  }
};
