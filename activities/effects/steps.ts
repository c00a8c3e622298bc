/** The steps that `effectOnce` needs for an effect: perform it, find it, remove it. */
import type { z } from 'zod';
import type { Doubt } from '../../db/ledger/operations.ts';
import type { MeetingOwner } from '../../domain/audition/casting-session.ts';
import type { EffectTarget } from '../../domain/audition/effects.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { AnyOperationName } from '../../providers/operations.ts';
import type { CallContext } from '../../providers/ports.ts';

export interface LedgerOperation {
  /** `{workflowId}:{step}`. */
  readonly key: string;
  readonly organization: OrganizationId;
  readonly provider: string;
  /** The name in the ledger, such as `meetings.create`. */
  readonly operation: AnyOperationName;
  /** The name in errors, if it is not that of the ledger: the name of the call in the catalog. */
  readonly call?: AnyOperationName;
}

export interface EffectOperation extends LedgerOperation {
  /**
   * Identifies the effect. The ledger rejects a key that is reused with a different request. It must contain no
   * personal data, and only values that stay the same between two attempts, also across a deployment.
   */
  readonly request: unknown;
  /** The audition that undoes the effect, or the casting session whose room it is, and what undoing it needs. */
  readonly auditionId?: MeetingOwner | undefined;
  readonly target?: EffectTarget | undefined;
}

/** What the ledger knows about an earlier attempt without a recorded result. */
export type EarlierAttempt = Pick<Doubt, 'startedAt' | 'handedOver'>;

export type SearchResult<Result> =
  /** `surplus`: further effects, created by overlapping attempts. */
  | { readonly kind: 'found'; readonly result: Result; readonly surplus: readonly Result[] }
  | { readonly kind: 'absent' }
  /** The effect may have happened and no system can confirm it: an operator decides whether to repeat it. */
  | { readonly kind: 'unknowable' };

interface CommonSteps<Result> {
  /** Parses the recorded result. */
  readonly result: z.ZodType<Result>;
  readonly providerId: (result: Result) => string;
  /** Removes a surplus effect, or an effect that was created after its compensation. Must be idempotent. */
  readonly removeEffect?: (result: Result, call: CallContext) => Promise<unknown>;
}

/**
 * For a provider that deduplicates by our id: a repeated call, even while an earlier one is running, leaves one
 * effect.
 */
interface IdempotentSteps<Result> extends CommonSteps<Result> {
  readonly kind: 'idempotent';
  readonly perform: (call: LeasedCall) => Promise<Result>;
}

/** A call of an attempt that owns its operation. */
interface LeasedCall extends CallContext {
  /**
   * Extends the lease, for an effect that takes longer than one.
   *
   * @throws {Overtaken} when another attempt owns the operation.
   */
  keepLease(): Promise<void>;
}

/** @param target where the effect takes place, when the attempt has chosen it. Undoing the effect needs it. */
export type HandOver = (target?: EffectTarget) => Promise<void>;

/** For a provider without deduplication: an attempt that follows one without a recorded result must search first. */
interface SearchedSteps<Result> extends CommonSteps<Result> {
  readonly kind: 'searched';
  readonly find: (earlier: EarlierAttempt, call: CallContext) => Promise<SearchResult<Result>>;
  /**
   * Must await `handOver` immediately before the effect becomes possible, and before each further call that can have it.
   *
   * @param attempt the fencing token of the ledger
   */
  readonly perform: (handOver: HandOver, call: CallContext, attempt: number) => Promise<Result>;
}

export type EffectSteps<Result> = IdempotentSteps<Result> | SearchedSteps<Result>;
