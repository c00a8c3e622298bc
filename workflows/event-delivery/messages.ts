/**
 * Types, ids and signals of the event delivery workflows: one delivery for each audition and endpoint with undelivered
 * events, one replay for each request, one notice for each message that belongs to no audition. The code that starts
 * these workflows imports this file.
 */
import { defineSignal } from '@temporalio/workflow';
import type { EndpointTarget, ReplayCursor, TellEndpointInput } from '../../activities/contract.ts';
import type { AuditionId, EndpointId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';

export const eventDeliveryWorkflowType = 'eventDelivery';
export const eventReplayWorkflowType = 'eventReplay';
export const endpointNoticeWorkflowType = 'endpointNotice';

/** Returns the workflow id of a delivery. One at a time for each endpoint and audition keeps the events in order. */
export const eventDeliveryWorkflowId = (endpoint: EndpointId, audition: AuditionId): string =>
  `event-delivery/${endpoint}/${audition}`;

/** Returns the workflow id of a replay. The same replay, requested again while it runs, starts no second workflow. */
export const eventReplayWorkflowId = (endpoint: EndpointId, from: Instant, until: Instant): string =>
  `event-replay/${endpoint}/${from}..${until}`;

/** Returns the workflow id of a notice. Each message is sent once to each endpoint. */
export const endpointNoticeWorkflowId = (endpoint: EndpointId, message: string): string =>
  `endpoint-notice/${endpoint}/${message}`;

export interface EventDeliveryInput extends EndpointTarget {
  readonly auditionId: AuditionId;
  /** The sequence number of the last event to deliver. */
  readonly through: number;
}

export interface EventsWaiting {
  readonly through: number;
  /** Restarts an attempt that began before this time, instead of waiting for its next retry. */
  readonly retryFrom?: Instant | undefined;
}

/** Requests delivery up to the event `through`. It can be delivered already when the signal arrives. */
export const eventsWaitingSignal = defineSignal<[EventsWaiting]>('eventsWaiting');

export interface EventReplayInput extends EndpointTarget {
  readonly from: Instant;
  readonly until: Instant;
  readonly after?: ReplayCursor | undefined;
  readonly sent?: number | undefined;
}

export interface EndpointNoticeInput extends TellEndpointInput {
  /** Makes a single attempt, because the caller waits for the result. */
  readonly once: boolean;
}

/** The result of a notice. `failed` also when it was not accepted for 3 days. */
export interface EndpointNoticeResult {
  readonly kind: 'accepted' | 'failed' | 'disabled';
  readonly answer?: string | undefined;
}
