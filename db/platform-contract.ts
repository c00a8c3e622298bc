/** What may be asked of the endpoints that the platform is told at, and of the outbox that leads to them. */
import type { AuditionEvent } from '../domain/audition/events.ts';
import type { AuditionId, EndpointId, OrganizationId } from '../domain/ids.ts';
import type { Instant } from '../domain/time/instant.ts';
import type { Actor } from './connections/accounts.ts';

/** Everything of an endpoint that is no secret. */
export interface WebhookEndpoint {
  readonly id: EndpointId;
  readonly organization: OrganizationId;
  readonly url: string;
  /** Empty: all of them. */
  readonly eventTypes: readonly string[];
  readonly status: 'enabled' | 'disabled';
  readonly disabledReason: string | undefined;
  readonly disabledAt: Instant | undefined;
  /** Until when the secret before this one signs beside it. */
  readonly previousSecretUntil: Instant | undefined;
  /** Since when every attempt has failed; absent while it works. */
  readonly failingSince: Instant | undefined;
  readonly lastSuccessAt: Instant | undefined;
  readonly lastFailureAt: Instant | undefined;
  /** Of the last attempt: a status, or why there was none. */
  readonly lastAnswer: string | undefined;
  readonly createdAt: Instant;
}

/** With what it is called: lives only as long as the call. */
export interface OpenEndpoint extends Pick<WebhookEndpoint, 'id' | 'url' | 'eventTypes' | 'createdAt'> {
  readonly status: WebhookEndpoint['status'];
  /** The newest first. */
  readonly secrets: readonly string[];
}

/** Whose secret is read, for what. */
export interface EndpointUse {
  readonly organization: OrganizationId;
  readonly endpoint: EndpointId;
  readonly purpose: string;
  readonly correlationId: string;
}

/** Who changes an endpoint, and what is noted of it. */
export interface NotedBy extends Actor {
  /** Never a secret, never a person's data. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A change by somebody is written together with its administrative act, or neither is. What changes nothing is no act. */
export interface WebhookEndpoints {
  /** False when the organization has as many as it may. */
  create(
    endpoint: {
      readonly id: EndpointId;
      readonly organization: OrganizationId;
      readonly url: string;
      readonly eventTypes: readonly string[];
      readonly secret: string;
    },
    noted: NotedBy,
  ): Promise<boolean>;
  get(organization: OrganizationId, id: EndpointId): Promise<WebhookEndpoint | undefined>;
  /** The oldest first. */
  list(organization: OrganizationId): Promise<readonly WebhookEndpoint[]>;
  /**
   * What it is behind with is sent as soon as it is enabled or its address has changed. Undefined where there is no
   * such endpoint.
   */
  update(
    organization: OrganizationId,
    id: EndpointId,
    changes: {
      readonly url?: string | undefined;
      readonly eventTypes?: readonly string[] | undefined;
      readonly status?: WebhookEndpoint['status'] | undefined;
    },
    noted: NotedBy,
  ): Promise<WebhookEndpoint | undefined>;
  /** With its secrets' data key, and all that was kept of its progress. */
  remove(organization: OrganizationId, id: EndpointId, noted: NotedBy): Promise<boolean>;
  /** The old secret signs beside the new one for so long. Undefined where somebody else was quicker, or it is gone. */
  rotateSecret(
    use: EndpointUse,
    secret: string,
    overlapMs: number,
    noted: NotedBy,
  ): Promise<WebhookEndpoint | undefined>;
  /** Opens the secrets for a delivery, and notes that they were read. */
  open(use: EndpointUse): Promise<OpenEndpoint | undefined>;
  /** An attempt that failed. */
  noteFailure(id: EndpointId, answer: string): Promise<void>;
  /**
   * Given up: nothing is sent to it any more. Idempotent by the reason: whoever comes again with the same one gets the
   * same answer, and whoever comes after somebody else gets undefined.
   */
  disable(
    organization: OrganizationId,
    id: EndpointId,
    reason: string,
  ): Promise<{ readonly at: Instant; readonly others: readonly EndpointId[] } | undefined>;
}

export interface EndpointProgress {
  /** Up to which event of this audition everything was delivered; 0 for nothing. */
  deliveredThrough(endpoint: EndpointId, audition: AuditionId): Promise<number>;
  /**
   * Notes a delivery. False when the progress is no more what it was when the attempt began: another attempt has
   * overtaken this one, which must stop.
   */
  advance(delivered: {
    readonly endpoint: EndpointId;
    readonly audition: AuditionId;
    readonly from: number;
    readonly to: number;
    /** What the receiver said, where it was called. */
    readonly answer: string;
  }): Promise<boolean>;
  /** The whole trail of an audition, as far as it is this organization's. */
  trail(organization: OrganizationId, audition: AuditionId): Promise<readonly AuditionEvent[]>;
  /** The next audition, by id, of which anything happened in that time. */
  nextAudition(
    organization: OrganizationId,
    range: { readonly from: Instant; readonly until: Instant; readonly after: AuditionId | undefined },
  ): Promise<AuditionId | undefined>;
}

/** One audition, one endpoint that is behind with it. */
export interface DueDelivery {
  readonly organization: OrganizationId;
  readonly endpoint: EndpointId;
  readonly auditionId: AuditionId;
  /** The last event that is known to be wanted. */
  readonly through: number;
  readonly correlationId: string;
  /** Attempts that began before are begun anew, instead of waiting out their delay. */
  readonly retryFrom: Instant | undefined;
}

interface ClaimedOutbox {
  /** How many were due: none, when there is nothing more to do for now. */
  readonly claimed: number;
  /** Those that are to be settled once everything that follows from them is done. */
  readonly rows: readonly number[];
  readonly deliveries: readonly DueDelivery[];
}

export interface Outbox {
  /** Rows that are due, and what follows from them. Nobody else gets them before the lease has run out. */
  claim(limit: number, leaseMs: number): Promise<ClaimedOutbox>;
  settle(rows: readonly number[]): Promise<void>;
  retryLater(rows: readonly number[], delayMs: number): Promise<void>;
}
