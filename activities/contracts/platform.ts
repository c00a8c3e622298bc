/** The platform's endpoints. Queue `platform`. */
import type { AuditionId, EndpointId, OrganizationId } from '../../domain/ids.ts';
import type { PublicEvent } from '../../domain/platform-events/public-event.ts';
import type { Instant } from '../../domain/time/instant.ts';

export interface EndpointTarget {
  readonly organization: OrganizationId;
  readonly endpoint: EndpointId;
  readonly correlationId: string;
}

/** No more events are sent. `disabled`: the endpoint is disabled or removed. `gone`: the receiver answered 410. */
export type EndpointUnavailable =
  | { readonly kind: 'disabled' }
  | { readonly kind: 'gone'; readonly message: string; readonly answer: string };

export type DeliveryOutcome =
  | { readonly kind: 'up_to_date'; readonly through: number }
  /** More events are left for another attempt. */
  | { readonly kind: 'more' }
  | EndpointUnavailable;

/** The last event that a replay has processed. */
export interface ReplayCursor {
  readonly auditionId: AuditionId;
  readonly through: number;
}

export interface ReplayEventsInput extends EndpointTarget {
  readonly from: Instant;
  readonly until: Instant;
  readonly after?: ReplayCursor | undefined;
}

export type ReplayOutcome =
  | { readonly kind: 'done'; readonly sent: number }
  | { readonly kind: 'more'; readonly sent: number; readonly after: ReplayCursor }
  | EndpointUnavailable;

export interface TellEndpointInput extends EndpointTarget {
  readonly message: { readonly id: string; readonly event: PublicEvent };
  readonly evenIfDisabled: boolean;
}

/**
 * The sending activities fail as `endpoint_failed` when the receiver rejects a message. The first detail of the failure
 * contains the message id and the answer.
 */
export interface PlatformActivities {
  /** Sends the undelivered events of one audition in order. */
  deliverEvents(input: EndpointTarget & { readonly auditionId: AuditionId }): Promise<DeliveryOutcome>;
  /** Sends the events of the time range again, audition by audition, under the same ids. */
  replayEvents(input: ReplayEventsInput): Promise<ReplayOutcome>;
  /** Sends one message that does not belong to an audition. */
  tellEndpoint(
    input: TellEndpointInput,
  ): Promise<{ readonly kind: 'accepted'; readonly answer: string } | EndpointUnavailable>;
  /** Disables the endpoint. Returns undefined when it was already disabled for another reason or removed. */
  disableEndpoint(
    input: EndpointTarget & { readonly reason: string },
  ): Promise<{ readonly at: Instant; readonly others: readonly EndpointId[] } | undefined>;
}
