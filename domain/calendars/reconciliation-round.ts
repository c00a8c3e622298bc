import type { Instant } from '../time/instant.ts';

/** A round of the synchronization that an operator has requested, to compare the calendars. */
export interface ReconciliationRound {
  readonly isDryRun: boolean;
  /** Whether it is the first round of the request. The others continue. */
  readonly isFirst: boolean;
  /** Only a listing that began later counts. Undefined in a request of an earlier version of the workflow. */
  readonly requestedAt?: Instant | undefined;
}
