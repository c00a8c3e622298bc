/** What may be asked of the inbox of webhooks, of what we have asked vendors to tell us, and of whom a webhook concerns. */
import type { AuditionId, ConnectionId, OrganizationId } from '../domain/ids.ts';
import type { InboxEvent } from '../domain/inbox-event.ts';
import type { Instant } from '../domain/time/instant.ts';

export interface ClaimedWebhook {
  readonly id: string;
  readonly provider: string;
  readonly kind: string;
  readonly correlationId: string;
  /** How often it was claimed, this time included. */
  readonly attempts: number;
  /** How long ago it came, by the database's clock. */
  readonly ageMs: number;
  /** What was told; undefined where this version does not know such an event. Throws when it cannot be opened. */
  read(): Promise<InboxEvent | undefined>;
}

export interface InboxEntry {
  readonly id: string;
  readonly provider: string;
  readonly kind: string;
  /** Why it is parked, or what became of it, as a code. */
  readonly reason: string | null;
  readonly correlationId: string;
  readonly attempts: number;
  readonly duplicates: number;
  readonly receivedAt: Date;
}

/** What outside services told us: stored before they are answered, told on at least once, each under its own id. */
export interface WebhookInbox {
  /** Once per provider and dedupe key. When this resolves the event is safe, and the relay has been woken. */
  receive(
    told: InboxEvent & {
      readonly provider: string;
      /** What makes two deliveries the same one, in the vendor's terms. */
      readonly dedupeKey: string;
      readonly correlationId: string;
    },
  ): Promise<'stored' | 'duplicate'>;
  /** Those that are due, the longest waiting first; nobody else gets them before the lease has run out. */
  claim(limit: number, leaseMs: number): Promise<readonly ClaimedWebhook[]>;
  /** It was told on, or need not be: `reason` says why. Whether it was still open. */
  settle(id: string, reason?: string): Promise<boolean>;
  /** A person may look at it, and replay it. */
  park(id: string, reason: string): Promise<boolean>;
  retryLater(id: string, delayMs: number, reason: string): Promise<void>;
  /** The newest first. */
  parked(page: {
    readonly limit: number;
    readonly provider?: string | undefined;
    readonly reason?: string | undefined;
  }): Promise<readonly InboxEntry[]>;
  find(
    id: string,
  ): Promise<
    | (InboxEntry & Pick<ClaimedWebhook, 'read'> & { readonly state: 'received' | 'delivered' | 'parked' })
    | undefined
  >;
  /** Whether there was such a one, parked. */
  replay(id: string): Promise<boolean>;
  /** By provider: how many wait, since when the oldest does, and how many are parked. */
  lag(): Promise<
    readonly {
      readonly provider: string;
      readonly waiting: number;
      readonly oldestSeconds: number;
      readonly parked: number;
    }[]
  >;
}

export interface WatchSubscription {
  /** The channel's id, chosen by us, or the subscription's, chosen by Graph. */
  readonly id: string;
  readonly provider: string;
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  readonly calendarId: string;
  /** Google's id of what is watched. */
  readonly resourceId?: string | undefined;
  readonly expiresAt: Instant;
}

/** What we asked vendors to tell us of: Google's channels, Microsoft Graph's subscriptions. */
export interface WatchSubscriptions {
  /** Put again with another secret, both are taken, until the next exchange. */
  put(subscription: WatchSubscription & { readonly secret: string }): Promise<void>;
  /**
   * For each claim, in their order, the subscription of that id, if the secret is its own and it has not long expired.
   * In constant time, and in one statement, however many somebody claims who need not be anybody.
   */
  proven(
    provider: string,
    claims: readonly { readonly id: string; readonly secret: string }[],
  ): Promise<readonly (WatchSubscription | undefined)[]>;
  /** They have told us something. */
  notified(ids: readonly string[]): Promise<void>;
  remove(id: string): Promise<void>;
  /** The one that ends first, first. */
  ofConnection(connection: ConnectionId): Promise<readonly WatchSubscription[]>;
}

/** Whom it concerns what we are told from outside, where the telling does not say so itself. */
interface AccountConnection {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  readonly isConnected: boolean;
  readonly connectedAt: Instant;
}

export interface InboxAddressees {
  /** The audition that a provider's meeting was made for. */
  meeting(provider: string, meetingId: string): Promise<AuditionId | undefined>;
  /** Those with an open attention item that waits for this connection to be connected again. */
  waitingFor(organization: OrganizationId, connection: ConnectionId): Promise<readonly AuditionId[]>;
  /** The connections, of any organization, of one account at a provider, but for those that are disconnected. */
  account(provider: string, accountId: string): Promise<readonly AccountConnection[]>;
}
