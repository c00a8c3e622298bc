/**
 * Milliseconds until the process exits after a stop signal, even with tasks left. Longer than the workers' force time.
 */
export const shutdownTimeoutMs = 75_000;
