/** Facts on their way to the audit trail, and the position of a run in it. */
import type { AuditionEvent, AuditionFact } from './events.ts';

/**
 * A fact on its way to the trail. The trail assigns its sequence when the fact is appended, and appends it once.
 * `number` counts the facts that the workflow records, across continue-as-new, so that a run whose trail already
 * contains the facts of another run is detected. `key` is the idempotency key of the effect that the fact reports:
 * the activity that had the effect and the workflow can both append it.
 */
export type TrailFact = {
  readonly at: AuditionEvent['at'];
  readonly correlationId: string;
  /** See `principal.ts`. Absent: this service itself. */
  readonly principal?: string | undefined;
  readonly fact: AuditionFact;
} & ({ readonly number: number } | { readonly key: string });

/** The position of a run in the trail of its audition. Every activity of an audition gets it. */
export interface TrailPosition {
  /** Facts that are not in the trail yet. The activity appends them before it does anything else. */
  readonly facts: readonly TrailFact[];
  /** The number of the run's last numbered fact, `facts` included. */
  readonly number: number;
}

/** For facts that are appended by key, by writers that do not know the numbers of the run: any numbered facts may be in the trail. */
export const anyPosition: TrailPosition = { facts: [], number: 2 ** 31 - 1 };
