/**
 * Facts from outside are told at least once: by providers that repeat themselves, by a relay that was killed before it
 * could note what it had said. The run knows by their ids which of them it has applied.
 */
import type { ExternalFact } from './messages.ts';

export interface SignalDedup {
  /** The ids of what was applied, the latest last: what continue-as-new takes along. */
  readonly appliedIds: readonly string[];
  /** Whether this is told for the first time; it counts as applied from here on. What carries no id is always new. */
  markApplied(told: ExternalFact): boolean;
}

/** An audition is told some dozens of facts in its life. A repeat comes within hours, and long before so many others. */
const maxRememberedIds = 500;

export const createSignalDedup = (appliedBefore: readonly string[] = []): SignalDedup => {
  const known = new Set(appliedBefore);
  return {
    get appliedIds() {
      return [...known];
    },
    markApplied({ inboxId }) {
      if (inboxId === undefined) return true;
      if (known.has(inboxId)) return false;
      known.add(inboxId);
      const [oldest] = known;
      if (known.size > maxRememberedIds && oldest !== undefined) known.delete(oldest);
      return true;
    },
  };
};
