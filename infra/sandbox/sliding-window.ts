/** Counts requests in a sliding window of time. */
import type { Clock } from './time.ts';

export interface SlidingWindow {
  /**
   * Counts a request. Returns 0, or the milliseconds until the next request is allowed when the limit is reached. A refused
   * request is not counted: no vendor documents whether it is.
   */
  take(key: string): number;
}

/** Creates a window of `windowMs` with at most `limit` requests for each key. A limit of 0 means no limit. */
export const createSlidingWindow = (
  { limit, windowMs }: { readonly limit: number; readonly windowMs: number },
  clock: Clock,
): SlidingWindow => {
  const taken = new Map<string, number[]>();
  return {
    take(key) {
      if (limit === 0) return 0;
      const now = clock();
      const times = (taken.get(key) ?? []).filter((time) => time > now - windowMs);
      taken.set(key, times);
      const [oldest] = times;
      if (oldest !== undefined && times.length >= limit) return oldest + windowMs - now;
      times.push(now);
      return 0;
    },
  };
};
