/**
 * The states of a message to a participant, as its provider reports them, and what follows from each. The one table that
 * database, workflow and documents follow.
 */
import type { DeliveryStatus } from './delivery-statuses.ts';

/**
 * What follows when a message enters the state.
 * - `suppress`: the organization sends nothing more to the address.
 * - `next_channel`: the notice is sent on a fallback channel of the participant, if there is one.
 * - `attention`: an operator is asked, unless the notice is sent on a fallback channel.
 */
export type DeliveryConsequence = 'suppress' | 'next_channel' | 'attention';

interface DeliveryState {
  /** A message never returns to a state of a lower rank. Reports arrive repeatedly and out of order. */
  readonly rank: number;
  readonly consequences: readonly DeliveryConsequence[];
}

export const deliveryStates: Readonly<Record<DeliveryStatus, DeliveryState>> = {
  queued: { rank: 0, consequences: [] },
  sent: { rank: 1, consequences: [] },
  // The mail server tries again. After four hours, it counts as failed (`workers/silent-messages/deferred-email-rule.ts`).
  deferred: { rank: 2, consequences: [] },
  delivered: { rank: 3, consequences: [] },
  failed: { rank: 4, consequences: ['next_channel', 'attention'] },
  // A mail server can accept a message and return it later.
  bounced: { rank: 5, consequences: ['suppress', 'next_channel', 'attention'] },
  // The recipient has the message, and does not want it: another channel would be no better.
  complained: { rank: 6, consequences: ['suppress', 'attention'] },
};

/** Returns whether the state of a message changes from `than` to `status`. */
export const isLaterDelivery = (status: DeliveryStatus, than: DeliveryStatus): boolean =>
  deliveryStates[status].rank > deliveryStates[than].rank;

/**
 * The code of an email that this service has given up, because a mail server deferred it for too long. No provider has reported that
 * it failed, so a later `delivered` replaces this state.
 */
export const delayedTooLong = 'delayed_too_long';

/**
 * Returns whether the message arrived after it was given up. Only the database knows the code of a failure, and decides whether
 * `delivered` replaces it: where the stored state is `delivered`, an earlier `failed` was given up.
 */
export const isArrivalAfterAll = (status: DeliveryStatus, than: DeliveryStatus): boolean =>
  status === 'delivered' && than === 'failed';

/** Returns whether the participant may not have the message, or does not want it, so that something must follow. */
export const isDeliveryProblem = (status: DeliveryStatus): boolean =>
  deliveryStates[status].consequences.length > 0;

export const hasConsequence = (status: DeliveryStatus, consequence: DeliveryConsequence): boolean =>
  deliveryStates[status].consequences.includes(consequence);
