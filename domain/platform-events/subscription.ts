/** Which of an audition's events an endpoint is to be told of. */
import type { Instant } from '../time/instant.ts';
import type { PublicEvent } from './public-event.ts';

export interface Subscription {
  /** Empty: all of them. */
  readonly eventTypes: readonly string[];
  /** What happened before there was the endpoint is history: it is sent when it is asked for, by a replay. */
  readonly createdAt: Instant;
}

export const wantsType = ({ eventTypes }: Pick<Subscription, 'eventTypes'>, type: string): boolean =>
  eventTypes.length === 0 || eventTypes.includes(type);

export const isWanted = (
  subscription: Subscription,
  message: { readonly at: Instant; readonly event?: Pick<PublicEvent, 'type'> | undefined },
): boolean =>
  message.event !== undefined &&
  message.at >= subscription.createdAt &&
  wantsType(subscription, message.event.type);
