/** What `effectOnce` is told about an effect: how to have it, how to look for it, how to take it back. */
import type { z } from 'zod';
import type { Doubt } from '../../db/ledger/operations.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { CallContext } from '../../providers/ports.ts';

export interface LedgerOperation {
  /** `{workflowId}:{step}`. */
  readonly key: string;
  readonly organization: OrganizationId;
  readonly provider: string;
  /** Our name of the operation, e.g. `meetings.create`. */
  readonly operation: string;
}

export interface EffectOperation extends LedgerOperation {
  /**
   * What identifies the effect, free of a person's data: a key that comes back with another request is refused. Only
   * what cannot change between two attempts, also over a deployment.
   */
  readonly request: unknown;
}

/** What an earlier attempt, of which there is no record, has left behind. */
export type EarlierAttempt = Pick<Doubt, 'startedAt' | 'handedOver'>;

export type SearchResult<Result> =
  /** `surplus` is what was done beside it, by attempts that overlapped. */
  | { readonly kind: 'found'; readonly result: Result; readonly surplus: readonly Result[] }
  | { readonly kind: 'absent' }
  /** It may have happened, and nobody can be asked: a person has to decide whether to do it again. */
  | { readonly kind: 'unknowable' };

interface CommonSteps<Result> {
  /** Reads the recorded result back. */
  readonly result: z.ZodType<Result>;
  readonly providerId: (result: Result) => string;
  /** Removes an effect that turns out to be one too many, or to come after its own compensation. Idempotent. */
  readonly removeEffect?: (result: Result, call: CallContext) => Promise<unknown>;
}

/** The provider knows our id: doing it again, even while an earlier call is under way, leaves one effect. */
interface IdempotentSteps<Result> extends CommonSteps<Result> {
  readonly kind: 'idempotent';
  readonly perform: (call: CallContext) => Promise<Result>;
}

/** What is asked twice is done twice: an attempt that follows an unrecorded one has to look for it first. */
interface SearchedSteps<Result> extends CommonSteps<Result> {
  readonly kind: 'searched';
  readonly find: (earlier: EarlierAttempt, call: CallContext) => Promise<SearchResult<Result>>;
  /** Awaits `handOver` at the last moment before the effect becomes possible. */
  readonly perform: (handOver: () => Promise<void>, call: CallContext) => Promise<Result>;
}

export type EffectSteps<Result> = IdempotentSteps<Result> | SearchedSteps<Result>;
