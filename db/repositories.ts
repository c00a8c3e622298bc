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

export type { Connections } from './connections-contract.ts';

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

/** What attempts that ended without a record may have left behind. */
export interface Doubt {
  readonly startedAt: Instant;
  /** Whether any of them may have had its effect: before the hand-over it certainly had not. */
  readonly handedOver: boolean;
  /**
   * How long ago, by the database's clock, the lease ended of the last one whose call was not seen to end; negative
   * while it would still run. Undefined when every call has ended.
   */
  readonly givenUpForMs: number | undefined;
  /** The activity execution that has put the doubt before a person. */
  readonly askedBy: string | undefined;
}

/** One effect at the provider. */
export interface Effect {
  readonly providerId: string;
  readonly result: unknown;
}

/** The idempotency ledger: a row is written before the call, and says what became of it. */
export interface OperationLedger {
  /**
   * Claims the operation for `leaseMs` from now. The attempt's number fences: whoever began earlier does not own the
   * operation any more.
   * - `first`: nobody has tried. Go on.
   * - `again`: an earlier attempt ended without a record. Ask the provider before going on.
   * - `busy`: another attempt holds the lease for so long. Come back.
   * - `done`: it happened; here is its result.
   * - `undone`: a compensation got here first. Do not.
   * `surplus` is what was done beside that and is still to be taken back.
   */
  begin(operation: {
    readonly key: string;
    readonly organization: OrganizationId;
    readonly provider: string;
    readonly operation: string;
    /** SHA-256 of what is asked. A key that comes back with another request throws `KeyReused`. */
    readonly requestHash: string;
    readonly leaseMs: number;
    /** Whether the effect is possible from the start, without a call of `handOver`. */
    readonly handedOver: boolean;
  }): Promise<
    | { readonly kind: 'first'; readonly attempt: number }
    | { readonly kind: 'again'; readonly attempt: number; readonly doubt: Doubt }
    | { readonly kind: 'busy'; readonly remainingMs: number }
    | { readonly kind: 'done'; readonly result: unknown; readonly surplus: readonly Effect[] }
    | { readonly kind: 'undone'; readonly surplus: readonly Effect[] }
  >;
  /** From here on the effect may happen at any moment. Refused (`Overtaken`) to an attempt that is not the owner. */
  handOver(key: string, attempt: number): Promise<void>;
  /**
   * Records the effect, and `surplus` found beside it. Whoever comes first is believed, the owner or not: a second
   * attempt may have found this very effect and be about to record it. Throws `Overtaken` when another effect is
   * recorded or the operation was undone; this one is then noted as surplus.
   */
  complete(key: string, effect: Effect, surplus?: readonly Effect[]): Promise<void>;
  /** That surplus is gone. */
  takenBack(key: string, providerId: string): Promise<void>;
  /**
   * Gives the lease back, if it is this attempt's: its call had no effect (`none`), ended with an unknown one, or is
   * perhaps still `open` at the provider.
   */
  release(key: string, attempt: number, effect: 'none' | 'unknown' | 'open'): Promise<void>;
  /** Notes that this activity execution puts the doubt before a person, and gives the lease back. */
  askPerson(key: string, attempt: number, execution: string): Promise<void>;
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
    | { readonly kind: 'nothing_to_undo'; readonly surplus: readonly Effect[] }
    /** An attempt still holds the lease; come back. */
    | { readonly kind: 'busy'; readonly remainingMs: number }
    /** It happened; with a doubt, perhaps more than once. */
    | {
        readonly kind: 'happened';
        readonly effect: Effect;
        readonly doubt: Doubt | undefined;
        readonly surplus: readonly Effect[];
      }
    /** An attempt ended without a record: ask the provider. */
    | { readonly kind: 'unknown'; readonly doubt: Doubt; readonly surplus: readonly Effect[] }
    | { readonly kind: 'undone_before'; readonly surplus: readonly Effect[] }
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

/** Who has done it: a key or token by its role, the owner of a connection, or somebody at the command line. */
export type ActorRole = ApiRole | 'owner' | 'command_line';

interface AdministrativeAct {
  readonly id: string;
  readonly by: string;
  readonly role: string;
  readonly act: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly correlationId: string;
  readonly at: Instant;
}

/** What people and programs with power did. Append-only: the database itself refuses to change it. */
export interface AdministrativeActs {
  note(act: {
    /** Undefined for what concerns all of them: the rotation of the master key. */
    readonly organization: OrganizationId | undefined;
    /** The label of the key, the subject of the token, `owner:<participant>`, or the name of the command line. */
    readonly by: string;
    readonly role: ActorRole;
    /** `connection.disconnected`, `endpoint.secret_rotated`. */
    readonly act: string;
    /** The id of what it was done to. */
    readonly target: string;
    /** Never a secret, never a person's data. */
    readonly detail?: Readonly<Record<string, unknown>>;
    readonly correlationId: string;
  }): Promise<void>;
  /** The newest first. Throws `Refusal` `invalid_body` for a cursor that is not one of ours. */
  list(
    organization: OrganizationId,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<AdministrativeAct>>;
}

export interface ApiKeyHolder {
  readonly organization: OrganizationId;
  readonly role: ApiRole;
  readonly label: string;
}

export interface ApiKeys {
  /** Stores only the key's hash. */
  put(key: ApiKeyHolder & { readonly secret: string }): Promise<void>;
  /** Makes a new one. Its secret is nowhere but in the answer. */
  create(holder: ApiKeyHolder): Promise<{ readonly id: string; readonly secret: string }>;
  /** Whose key it is; undefined for one that was revoked, as for one that never was. */
  find(secret: string): Promise<(ApiKeyHolder & { readonly id: string }) | undefined>;
  /** The newest first, the revoked ones too. */
  list(organization?: OrganizationId): Promise<
    readonly (ApiKeyHolder & {
      readonly id: string;
      readonly createdAt: Instant;
      readonly lastUsedAt?: Instant | undefined;
      readonly revokedAt?: Instant | undefined;
    })[]
  >;
  /** For good, from the next request on; undefined where there is no such key. */
  revoke(id: string): Promise<(ApiKeyHolder & { readonly id: string }) | undefined>;
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
