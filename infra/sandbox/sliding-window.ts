/** Counts requests in a sliding window of time. */
import type { Clock } from './time.ts';

export interface SlidingWindow {
  /**
   * Counts a request, which can take several units of the limit. Returns 0, or the milliseconds until the next request is allowed when the limit is reached. A refused
   * request is not counted: no vendor documents whether it is.
   */
  take(key: string, units?: number): number;
}

/** Creates a window of `windowMs` with at most `limit` requests for each key. A limit of 0 means no limit. */
export const createSlidingWindow = (
  { limit, windowMs }: { readonly limit: number; readonly windowMs: number },
  clock: Clock,
): SlidingWindow => {
  const taken = new Map<string, number[]>();
  return {
    take(key, units = 1) {
      if (limit === 0) return 0;
      const now = clock();
      const times = (taken.get(key) ?? []).filter((time) => time > now - windowMs);
      taken.set(key, times);
      const oldest = times[times.length + units - limit - 1];
      if (oldest !== undefined) return oldest + windowMs - now;
      for (let unit = 0; unit < units; unit += 1) times.push(now);
      return 0;
    },
  };
};
