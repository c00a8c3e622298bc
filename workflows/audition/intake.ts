/**
 * Facts from outside are told at least once: by providers that repeat themselves, by a relay that was killed before it
 * could note what it had said. The run knows by their ids which of them it has applied.
 */
import type { Told } from './messages.ts';

export interface Intake {
  /** The ids of what was applied, the latest last: what continue-as-new takes along. */
  readonly applied: readonly string[];
  /** Whether this is told for the first time; it counts as applied from here on. What carries no id is always new. */
  admits(told: Told): boolean;
}

/** An audition is told some dozens of facts in its life. A repeat comes within hours, and long before so many others. */
const remembered = 500;

export const openIntake = (appliedBefore: readonly string[] = []): Intake => {
  const known = new Set(appliedBefore);
  return {
    get applied() {
      return [...known];
    },
    admits({ inboxId }) {
      if (inboxId === undefined) return true;
      if (known.has(inboxId)) return false;
      known.add(inboxId);
      const [oldest] = known;
      if (known.size > remembered && oldest !== undefined) known.delete(oldest);
      return true;
    },
  };
};
