/** A little more than the workers' own force time: past that, the process ends whatever is left. Milliseconds. */
export const shutdownTimeoutMs = 75_000;
