/** Tells when a watch ends, from what a vendor states. */
import { toEpochMs, toInstant } from '../domain/time/epoch.ts';
import type { Instant } from '../domain/time/instant.ts';

/**
 * Returns the stated end, but no later one than requested: a watch that is replaced too early does no harm. A time that is over, such as the
 * default 0 of an integer, states nothing.
 * @param stated epoch milliseconds; undefined when the vendor states no end that can be read
 */
export const watchEnd = (stated: number | undefined, requested: Instant): Instant =>
  stated === undefined || stated <= Date.now() || stated >= toEpochMs(requested)
    ? requested
    : toInstant(stated);
