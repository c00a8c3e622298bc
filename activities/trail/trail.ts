/** The audit trail as the activities of an audition use it. */
import { activityInfo } from '@temporalio/activity';
import type { HoldChange } from '../../db/auditions/slot-holds.ts';
import type { Appended, EventStore, OwnFacts, TrailCall } from '../../db/trail/event-store.ts';
import type { AuditionCall } from '../contract.ts';

/** The trail after the facts of the call were appended. */
export interface Trail {
  /** The position of the run after these facts, for repositories that append in a transaction of their own. */
  readonly call: TrailCall;
  /**
   * Appends facts of the activity, usually under the key of the effect that they report, and changes the holds of the
   * audition in the same transaction. Idempotent by key and number.
   * @throws {TrailAhead} when another run has appended numbered facts in the meantime.
   */
  append(own: OwnFacts & HoldChange): Promise<Appended>;
}

/** Returns the call of the running activity for `EventStore.append`. Must be called within an activity. */
export const trailCallOf = ({ auditionId, trail }: AuditionCall): TrailCall => ({
  auditionId,
  run: activityInfo().workflowExecution?.runId ?? '',
  position: trail,
});

/**
 * Appends the facts of the call and returns the trail. Every activity of an audition calls this first, before it has an
 * effect outside. Takes one statement when the call has no facts. Must be called within an activity.
 *
 * @throws {TrailAhead} when another run has appended numbered facts that this run does not know. It becomes the
 *   non-retryable failure `trail_ahead`.
 */
export const openTrail = async (events: EventStore, input: AuditionCall): Promise<Trail> => {
  const first = trailCallOf(input);
  await events.append(first);
  const call = { ...first, position: { facts: [], number: input.trail.number } };
  return { call, append: (own) => events.append(call, own) };
};
