/** Decides which audition events a webhook endpoint gets. */
import type { Instant } from '../time/instant.ts';
import type { PublicEvent } from './public-event.ts';

export interface EventSubscription {
  /** Empty for all types. */
  readonly eventTypes: readonly string[];
  /** Earlier events are not sent, except by a replay. */
  readonly createdAt: Instant;
}

/** Returns whether the endpoint has subscribed to the event type. */
export const matchesEventType = (
  { eventTypes }: Pick<EventSubscription, 'eventTypes'>,
  type: string,
): boolean => eventTypes.length === 0 || eventTypes.includes(type);

/** Returns whether the message is public, of a subscribed type, and not older than the endpoint. */
export const matchesSubscription = (
  subscription: EventSubscription,
  message: { readonly at: Instant; readonly event?: Pick<PublicEvent, 'type'> | undefined },
): boolean =>
  message.event !== undefined &&
  message.at >= subscription.createdAt &&
  matchesEventType(subscription, message.event.type);
