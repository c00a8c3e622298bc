/**
 * What the rest of the service asks of the database. Implemented beside this file, one repository a file, each by a
 * factory that takes the Drizzle database.
 */
import type { AttentionItem } from '../domain/audition/attention.ts';
import type { AuditionEvent } from '../domain/audition/events.ts';
import type { MeetingProviderName } from '../domain/audition/request.ts';
import type { Slot } from '../domain/audition/slot.ts';
import type { AuditionState } from '../domain/audition/states.ts';
import type { AuditionView } from '../domain/audition/view.ts';
import type {
  AttentionId,
  AuditionId,
  ConnectionId,
  OrganizationId,
  ProjectId,
  RoleId,
} from '../domain/ids.ts';
import type { Instant } from '../domain/time/instant.ts';

/** The audit trail: append-only and hash-chained per audition, one writer path, the read model folded beside it. */
export interface EventStore {
  /**
   * Appends and folds in one transaction. Idempotent by (audition, sequence): events that are there already are
   * skipped when they are equal, and refused (`AuditConflict`) when they are not. A gap is refused.
   */
  append(auditionId: AuditionId, events: readonly AuditionEvent[]): Promise<void>;
  /** The trail in order, a page at a time, with each event's hash. */
  read(
    organization: OrganizationId,
    auditionId: AuditionId,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly StoredEvent[]>;
  /** Recomputes the chain; answers with the first broken link, if there is one. */
  verify(
    auditionId: AuditionId,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly sequence: number }>;
}

export interface StoredEvent extends AuditionEvent {
  readonly previousHash: string;
  readonly hash: string;
}

export interface AuditionFilter {
  readonly state?: AuditionState | undefined;
  readonly project?: ProjectId | undefined;
  readonly role?: RoleId | undefined;
  readonly needsAttention?: boolean | undefined;
  readonly scheduledFrom?: Instant | undefined;
  readonly scheduledUntil?: Instant | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string | undefined;
}

export interface AuditionReadModel {
  get(organization: OrganizationId, id: AuditionId): Promise<AuditionView | undefined>;
  list(
    organization: OrganizationId,
    filter: AuditionFilter,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<AuditionView>>;
  attention(
    organization: OrganizationId,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<AttentionItem & { readonly auditionId: AuditionId }>>;
  findAttention(
    organization: OrganizationId,
    id: AttentionId,
  ): Promise<{ readonly auditionId: AuditionId } | undefined>;
  /** Throws every view away and folds it anew from the trail; answers with how many. */
  rebuild(): Promise<{ readonly auditions: number; readonly events: number }>;
}

/** The idempotency ledger: a row is written before the call, and says what became of it. */
export interface OperationLedger {
  /**
   * Claims the operation for `leaseMs` from now.
   * - `first`: nobody has tried. Go on.
   * - `again`: an earlier attempt ended without a record. Ask the provider before going on.
   * - `busy`: another attempt holds the lease until then. Come back.
   * - `done`: it happened; here is its result.
   * - `undone`: a compensation got here first. Do not.
   */
  begin(operation: {
    readonly key: string;
    readonly organization: OrganizationId;
    readonly provider: string;
    readonly operation: string;
    /** SHA-256 of what is asked. A key that comes back with another request throws `KeyReused`. */
    readonly requestHash: string;
    readonly leaseMs: number;
  }): Promise<
    | { readonly kind: 'first' }
    | { readonly kind: 'again'; readonly startedAt: Instant; readonly handedOver: boolean }
    | { readonly kind: 'busy'; readonly untilMs: number }
    | { readonly kind: 'done'; readonly result: unknown }
    | { readonly kind: 'undone' }
  >;
  /** From here on the effect may happen at any moment (see `EmailProvider.send`). */
  handOver(key: string): Promise<void>;
  complete(key: string, outcome: { readonly providerId: string; readonly result: unknown }): Promise<void>;
  /** The attempt has certainly ended, with no effect (`handedOver` false again) or an unknown one: free the lease. */
  release(key: string, effect: 'none' | 'unknown'): Promise<void>;
  /**
   * Begins to undo, and from then on refuses `begin` with `undone`. A key nobody has used becomes a tombstone, so
   * that a late attempt cannot do what is already undone.
   */
  beginUndo(operation: {
    readonly key: string;
    readonly organization: OrganizationId;
    readonly provider: string;
    readonly operation: string;
  }): Promise<
    | { readonly kind: 'nothing_to_undo' }
    /** An attempt still holds the lease; come back. */
    | { readonly kind: 'busy'; readonly untilMs: number }
    /** It happened. */
    | { readonly kind: 'happened'; readonly providerId: string; readonly result: unknown }
    /** An attempt ended without a record: ask the provider. */
    | { readonly kind: 'unknown'; readonly startedAt: Instant; readonly handedOver: boolean }
    | { readonly kind: 'undone_before' }
  >;
  completeUndo(key: string): Promise<void>;
}

export interface SlotHolds {
  /** All or none. Idempotent by (audition, revision). The audition's own earlier revisions do not stand in its way. */
  hold(input: {
    readonly organization: OrganizationId;
    readonly auditionId: AuditionId;
    readonly revision: number;
    readonly slot: Slot;
    readonly resources: readonly string[];
    readonly until: Instant;
  }): Promise<{ readonly kind: 'held' } | { readonly kind: 'taken'; readonly resources: readonly string[] }>;
  /** False when the hold had run out and was cleared away for another's. */
  confirm(auditionId: AuditionId, revision: number): Promise<boolean>;
  release(auditionId: AuditionId, except?: number): Promise<void>;
  /** What is taken in the window, for the ranking of free slots. */
  taken(
    organization: OrganizationId,
    resources: readonly string[],
    window: { readonly from: Instant; readonly until: Instant },
  ): Promise<readonly { readonly resource: string; readonly start: Instant; readonly end: Instant }[]>;
}

export interface Connections {
  /** Adds or replaces; the credential is sealed before it reaches a row. */
  put(connection: {
    readonly id: ConnectionId;
    readonly organization: OrganizationId;
    readonly provider: string;
    readonly account: string;
    readonly refreshToken: string;
  }): Promise<void>;
  /** Opens the credential for one call. Undefined for another organization's connection. */
  open(
    organization: OrganizationId,
    id: ConnectionId,
  ): Promise<
    | {
        readonly id: ConnectionId;
        readonly organization: OrganizationId;
        readonly provider: string;
        readonly account: string;
        readonly refreshToken: string;
      }
    | undefined
  >;
  exists(organization: OrganizationId, ids: readonly ConnectionId[]): Promise<ReadonlySet<ConnectionId>>;
}

export interface Organizations {
  put(organization: {
    readonly id: OrganizationId;
    readonly name: string;
    readonly meetingProviders: readonly MeetingProviderName[];
    /** The calendar in which Meet's meetings are made. */
    readonly meetCalendar?: { readonly connection: ConnectionId; readonly calendarId: string } | undefined;
  }): Promise<void>;
  get(id: OrganizationId): Promise<
    | {
        readonly id: OrganizationId;
        readonly name: string;
        readonly meetingProviders: readonly MeetingProviderName[];
        readonly meetCalendar?:
          | { readonly connection: ConnectionId; readonly calendarId: string }
          | undefined;
      }
    | undefined
  >;
}

export const apiRoles = ['backend', 'operator', 'admin'] as const;
export type ApiRole = (typeof apiRoles)[number];

export interface ApiKeys {
  /** Stores only the key's hash. */
  put(key: {
    readonly secret: string;
    readonly organization: OrganizationId;
    readonly role: ApiRole;
    readonly label: string;
  }): Promise<void>;
  find(
    secret: string,
  ): Promise<
    { readonly organization: OrganizationId; readonly role: ApiRole; readonly label: string } | undefined
  >;
}

/** Answers to requests that carried an `Idempotency-Key`. */
export interface IdempotentRequests {
  /**
   * `new`: go on (an unfinished earlier one may be run again, since what it starts is idempotent itself). Whoever is
   * the first to bring the key gets a claim to it.
   */
  begin(request: {
    readonly organization: OrganizationId;
    readonly key: string;
    readonly requestHash: string;
  }): Promise<
    | { readonly kind: 'new'; readonly claim?: string | undefined }
    | { readonly kind: 'other_request' }
    | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  >;
  answer(
    organization: OrganizationId,
    key: string,
    answer: { readonly status: number; readonly body: unknown },
  ): Promise<void>;
  /**
   * The request had no effect and may be sent again, changed. Nothing is forgotten once anybody else has begun under
   * the key: their request may be having its effect now.
   */
  forget(organization: OrganizationId, key: string, claim: string): Promise<void>;
}

/** Which notice a provider's delivery id belongs to, so that a status callback finds its audition. */
export interface Deliveries {
  put(delivery: {
    readonly id: string;
    readonly organization: OrganizationId;
    readonly auditionId: AuditionId;
    readonly participant: string;
    readonly channel: string;
  }): Promise<void>;
  find(id: string): Promise<
    | {
        readonly organization: OrganizationId;
        readonly auditionId: AuditionId;
        readonly participant: string;
        readonly channel: string;
      }
    | undefined
  >;
}
