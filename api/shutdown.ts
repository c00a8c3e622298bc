/** How the API ends: first it says that it is no longer ready, then it finishes what is under way. Milliseconds. */

/** What a load balancer needs to notice that this process is not ready: two probes, five seconds apart at most. */
export const drainMs = 10_000;

/** Longer than draining and the longest wait for an update's result (28 s) together: nobody's answer is cut off. */
export const shutdownTimeoutMs = 45_000;
