/**
 * The number of auditions that a worker keeps in memory. Measured with `npm run bench -- --only memory`: a scheduled audition takes
 * up to 0.5 MB, half of it in the heap of the workflow code. An audition that is not in the cache is replayed at its next event, in
 * about 20 ms of CPU time.
 */
export const maxCachedWorkflows = 500;
