/** What the inputs of all activities have in common, and their task queues. */
import type { TrailPosition } from '../../domain/audition/trail-facts.ts';
import type { AuditionId, ConnectionId, OrganizationId } from '../../domain/ids.ts';
import { vendorTaskQueues } from '../../providers/catalog.ts';

/** Runs the workflows and the internal activities on the service's own database. */
export const workflowTaskQueue = 'castmatch';
/** Runs the deliveries to the platform's webhook endpoints. */
export const platformTaskQueue = 'platform';

/** All task queues, separated by the external service that they call. Tests append a suffix to the names. */
export const taskQueues = [
  workflowTaskQueue,
  ...vendorTaskQueues.map(({ name }) => name),
  platformTaskQueue,
] as const;
export type TaskQueue = (typeof taskQueues)[number];

export interface Correlated {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly correlationId: string;
}

/**
 * The input of every activity of an audition. The activity first appends the facts of `trail`. It fails as `trail_ahead`
 * (non-retryable) when the trail contains facts of another run that this run does not know, for example after a reset
 * in Temporal. It has then had no effect outside.
 */
export interface AuditionCall extends Correlated {
  readonly trail: TrailPosition;
}

/** Why a step failed. The workflow reads it from an activity's failure, and from the results of a group. */
export interface StepFailure {
  /** The kind of a provider fault, `timeout`, or `unexpected`. */
  readonly code: string;
  readonly provider?: string | undefined;
  /** The provider's code of the error. */
  readonly providerCode?: string | undefined;
  /** The connection that its owner must reconnect before the step can succeed. */
  readonly connection?: ConnectionId | undefined;
  /**
   * When the message is tried again (epoch milliseconds): its provider refuses us as the sender. Until then, the workflow waits
   * instead of asking an operator.
   */
  readonly retryAt?: number | undefined;
  /** Whether this message raises the attention item about its sender. */
  readonly raisesAlert?: boolean | undefined;
}

/**
 * A group tries each of its items once, concurrently, and returns the failures as data. The workflow then attempts
 * each failed item alone, with retries, under the same key. A group never asks an operator about an unknown outcome:
 * the item's own attempt does.
 */
export interface FailedItem {
  readonly key: string;
  readonly failure: StepFailure;
}
