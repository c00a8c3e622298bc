/**
 * Limits the expansion of series. The text of a calendar comes from strangers: a few hundred characters can describe
 * millions of occurrences, and a feed of legal size can change one series a hundred thousand times.
 */

/** What the expansion of the series of one calendar, or of one resource, can still use. */
export interface WorkLimit {
  /** The most starts that rules generate. */
  starts: number;
  /** The most steps of the library. 100,000 need about two seconds. */
  steps: number;
}

/** The most starts of one series, and of all series of one resource. */
export const maxStarts = 10_000;

/** The most components that change occurrences of one series. A series with more blocks the window as a whole. */
export const maxReplacements = 5_000;

/** RFC 5545, section 3.6.1, advises one rule. */
export const maxRules = 10;

/** Returns the limit of one CalDAV resource: usually one series with its changed occurrences. */
export const resourceLimit = (): WorkLimit => ({ starts: maxStarts, steps: 100_000 });

/** Returns the limit of a feed with all its events. The caller limits the busy times. */
export const feedLimit = (): WorkLimit => ({ starts: Infinity, steps: 1_000_000 });

/** Takes an amount from the limit. Returns false, and takes nothing, when less is left. */
export const isWithin = (limit: WorkLimit, what: keyof WorkLimit, amount: number): boolean => {
  if (amount > limit[what]) return false;
  limit[what] -= amount;
  return true;
};
