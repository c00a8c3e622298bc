/**
 * The contract of the workflows that tell the platform: one for each audition and endpoint that is behind with it, one
 * for each replay, one for each message that is of no audition. Imported by whoever starts them.
 */
import { defineSignal } from '@temporalio/workflow';
import type { EndpointTarget, ReplayCursor, TellEndpointInput } from '../../activities/contract.ts';
import type { AuditionId, EndpointId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';

export const eventDeliveryWorkflowType = 'eventDelivery';
export const eventReplayWorkflowType = 'eventReplay';
export const endpointNoticeWorkflowType = 'endpointNotice';

/** Tells of an audition in their order what an endpoint has not been told: only one of these at a time. */
export const eventDeliveryWorkflowId = (endpoint: EndpointId, audition: AuditionId): string =>
  `event-delivery/${endpoint}/${audition}`;

/** Asked for twice while it runs, it runs once. */
export const eventReplayWorkflowId = (endpoint: EndpointId, from: Instant, until: Instant): string =>
  `event-replay/${endpoint}/${from}..${until}`;

export const endpointNoticeWorkflowId = (endpoint: EndpointId, message: string): string =>
  `endpoint-notice/${endpoint}/${message}`;

export interface EventDeliveryInput extends EndpointTarget {
  readonly auditionId: AuditionId;
  /** The last event that is known to be wanted. */
  readonly through: number;
}

export interface EventsWaiting {
  readonly through: number;
  /** An attempt that began before, and waits for its next time, is begun anew at once. */
  readonly retryFrom?: Instant | undefined;
}

/** There is something to tell, up to this event. It may have been told by the time this is read. */
export const eventsWaitingSignal = defineSignal<[EventsWaiting]>('eventsWaiting');

export interface EventReplayInput extends EndpointTarget {
  readonly from: Instant;
  readonly until: Instant;
  readonly after?: ReplayCursor | undefined;
  readonly sent?: number | undefined;
}

export interface EndpointNoticeInput extends TellEndpointInput {
  /** For whom somebody waits: one attempt, whatever comes of it. */
  readonly once: boolean;
}

/** What became of it: `failed` also when it was given up after days. */
export interface EndpointNoticeResult {
  readonly kind: 'accepted' | 'failed' | 'disabled';
  readonly answer?: string | undefined;
}
