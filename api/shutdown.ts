/** Timeouts of the shutdown, in milliseconds: first /readyz reports `draining`, then open requests are finished. */

/** The time a load balancer needs to see that this process is not ready: two probes, at most five seconds apart. */
export const drainMs = 10_000;

/** Longer than draining plus the longest wait for an update (28 s), so that no response is cut off. */
export const shutdownTimeoutMs = 45_000;
