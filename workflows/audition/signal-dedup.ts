/**
 * Deduplicates signals. External facts are delivered at least once: providers repeat webhooks, and a relay that is
 * killed before it stores a delivery repeats it. The run remembers the inbox ids of the facts it has applied.
 */
import type { ExternalFact } from './messages.ts';

export interface SignalDedup {
  /** The ids of the applied facts, oldest first. Continue-as-new carries them over. */
  readonly appliedIds: readonly string[];
  /** Marks the fact as applied. Returns whether it is new. A fact without an id is always new. */
  markApplied(fact: ExternalFact): boolean;
}

/** An audition gets some dozens of facts in total, and repeats arrive within hours. */
const maxRememberedIds = 500;

/** Creates the deduplication. It remembers the last 500 ids and forgets the oldest first. */
export const createSignalDedup = (appliedBefore: readonly string[] = []): SignalDedup => {
  const applied = new Set(appliedBefore);
  return {
    get appliedIds() {
      return [...applied];
    },
    markApplied({ inboxId }) {
      if (inboxId === undefined) return true;
      if (applied.has(inboxId)) return false;
      applied.add(inboxId);
      const [oldest] = applied;
      if (applied.size > maxRememberedIds && oldest !== undefined) applied.delete(oldest);
      return true;
    },
  };
};
