/** How long the shutdown of a worker process takes at most. */

/**
 * Milliseconds until the open polls are dropped. Longer than a poll lasts by default (60 s), so that every poll ends by
 * itself. A server with a shorter `matching.longPollExpirationInterval` ends them earlier.
 */
export const pollingTimeoutMs = 65_000;

/** Longer than the longest provider call (55 s to a mail server), so that no call is aborted. */
export const shutdownGraceMs = 60_000;

/** An activity that ignores its cancellation is abandoned: its lease expires and another worker retries it. */
export const shutdownForceMs = 70_000;

/** Milliseconds until the process exits after a stop signal, even with tasks left. */
export const shutdownTimeoutMs = pollingTimeoutMs + shutdownForceMs + 5_000;
