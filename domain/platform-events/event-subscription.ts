/** Which of an audition's events an endpoint is to be told of. */
import type { Instant } from '../time/instant.ts';
import type { PublicEvent } from './public-event.ts';

export interface EventSubscription {
  /** Empty: all of them. */
  readonly eventTypes: readonly string[];
  /** What happened before there was the endpoint is history: it is sent when it is asked for, by a replay. */
  readonly createdAt: Instant;
}

export const matchesEventType = (
  { eventTypes }: Pick<EventSubscription, 'eventTypes'>,
  type: string,
): boolean => eventTypes.length === 0 || eventTypes.includes(type);

export const matchesSubscription = (
  subscription: EventSubscription,
  message: { readonly at: Instant; readonly event?: Pick<PublicEvent, 'type'> | undefined },
): boolean =>
  message.event !== undefined &&
  message.at >= subscription.createdAt &&
  matchesEventType(subscription, message.event.type);
