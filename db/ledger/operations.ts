/**
 * The idempotency ledger. States of a row:
 *
 *     (none) --begin--> open --complete--> completed --beginUndo--> undoing --completeUndo--> undone
 *
 * - `lease_until`: while `open`, whether an attempt is running. By the database's clock, because workers' clocks differ.
 * - `attempt`: fencing token. Only the attempt with this number owns the row.
 * - `doubt`: possible effects of attempts that ended without a record. `none` means that there is no effect.
 * - `sealed_target`: what undoing the effect needs, for an effect that an audition undoes.
 * - `surplus`: effects in addition to the recorded one that must still be undone. In every state.
 *
 * An undo can begin from every state, unless an attempt holds the lease. After that, no attempt can begin.
 */
import { and, eq, isNotNull, sql } from 'drizzle-orm';
import type { MeetingOwner } from '../../domain/audition/casting-session.ts';
import type { EffectTarget, StandingEffect } from '../../domain/audition/effects.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { createBatching } from '../batching.ts';
import type { Database } from '../client.ts';
import { KeyReused, Overtaken } from '../errors.ts';
import { operations } from '../schema/operations.ts';
import { millisecondsInterval } from '../time.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import {
  type Begin,
  type BeginUndo,
  type ClaimingAttempt,
  type CompletedAttempt,
  claimAttempts,
  claimUndo,
  completeAttempts,
  type Doubt,
  doubtOf,
  doubtOfThisAttempt,
  type Effect,
  findOthersLike,
  findRecorded,
  findRow,
  findStanding,
  findTargeted,
  type HandOver,
  handOverAttempts,
  type OperationLike,
  type OperationRow,
  surplusOf,
} from './rows.ts';
import { openTarget, sealTarget } from './targets.ts';

export type { Doubt, Effect } from './rows.ts';

/** An effect that the ledger has recorded and that is not undone. */
export interface CompletedEffect {
  /** The idempotency key of the step. */
  readonly key: string;
  readonly target: EffectTarget;
  /** What the step has stored. */
  readonly result: unknown;
  readonly completedAt: Instant;
}

/** A meeting that was created, and can have been removed since. */
interface CreatedMeetingEffect {
  readonly target: Extract<EffectTarget, { readonly kind: 'meeting' }>;
  readonly providerId: string;
  /** What the step has stored. */
  readonly result: unknown;
}

/** The idempotency ledger: stores a row before the call to a provider, and the result after it. */
export interface OperationLedger {
  /**
   * Claims the operation for `leaseMs` from now. `attempt` is a fencing token: earlier attempts no longer own the
   * operation.
   * - `first`: no earlier attempt had an effect. Make the call.
   * - `again`: an earlier attempt ended without a record. Look for its effect at the provider before the call.
   * - `busy`: another attempt holds the lease for `remainingMs`. Try again after that.
   * - `done`: the operation was completed. Use its result.
   * - `undone`: a compensation has begun. Do not make the call.
   * `surplus` lists effects in addition to the recorded one that must still be undone.
   * @throws {KeyReused} when the key belongs to another request.
   */
  begin(
    operation: Begin,
  ): Promise<
    | { readonly kind: 'first'; readonly attempt: number }
    | { readonly kind: 'again'; readonly attempt: number; readonly doubt: Doubt }
    | { readonly kind: 'busy'; readonly remainingMs: number }
    | { readonly kind: 'done'; readonly result: unknown; readonly surplus: readonly Effect[] }
    | { readonly kind: 'undone'; readonly surplus: readonly Effect[] }
  >;
  /**
   * Records that the call is now sent to the provider: from here on it can have an effect.
   * @param target replaces the target of `begin`, when the attempt has chosen where the effect takes place.
   * @throws {Overtaken} when the attempt no longer owns the operation. Then the caller must not make the call.
   */
  handOver(key: string, attempt: number, target?: EffectTarget): Promise<void>;
  /**
   * Extends the lease of an attempt that takes longer than one lease: it then ends `leaseMs` from now.
   * @throws {Overtaken} when the attempt no longer owns the operation. It must then stop.
   */
  renew(key: string, attempt: number, leaseMs: number): Promise<void>;
  /**
   * Records the effect, and `surplus` that was found with it. The first recorded effect stays, even when its attempt
   * does not own the operation: the owner may have found the same effect. Idempotent by the provider id.
   * @throws {Overtaken} when another effect is recorded or the operation was undone. This effect is stored as surplus.
   */
  complete(key: string, effect: Effect, surplus?: readonly Effect[]): Promise<void>;
  /**
   * Changes fields of the recorded result, because a person has changed the effect at the provider. Does nothing when the operation
   * has another effect by now, or was undone. Idempotent.
   */
  correctResult(
    key: string,
    correction: { readonly providerId: string; readonly change: Readonly<Record<string, unknown>> },
  ): Promise<void>;
  /** Removes an effect from the surplus after it was undone. Idempotent. */
  recordSurplusRemoved(key: string, providerId: string): Promise<void>;
  /**
   * Releases the lease, if this attempt holds it.
   * @param effect `none`: the call had no effect. `unknown`: the call ended with an unknown effect. `open`: the call may
   *   still be running at the provider.
   */
  release(key: string, attempt: number, effect: 'none' | 'unknown' | 'open'): Promise<void>;
  /** Records that this activity execution asks an operator about the doubt, and releases the lease. */
  markOperatorAsked(key: string, attempt: number, execution: string): Promise<void>;
  /**
   * Begins the undo. After this, `begin` returns `undone`. An unused key becomes a tombstone, so that a late attempt
   * cannot begin. Idempotent: another call returns the same result.
   * @throws {KeyReused} when the key belongs to another organization.
   */
  beginUndo(operation: BeginUndo): Promise<
    | { readonly kind: 'nothing_to_undo'; readonly surplus: readonly Effect[] }
    /** An attempt holds the lease for `remainingMs`. Try again after that. */
    | { readonly kind: 'busy'; readonly remainingMs: number }
    /** The operation had this effect. With a doubt, it may have had more than one. */
    | {
        readonly kind: 'happened';
        readonly effect: Effect;
        readonly doubt: Doubt | undefined;
        readonly surplus: readonly Effect[];
      }
    /** An attempt ended without a record. Look for its effect at the provider. */
    | { readonly kind: 'unknown'; readonly doubt: Doubt; readonly surplus: readonly Effect[] }
    | { readonly kind: 'undone_before'; readonly surplus: readonly Effect[] }
  >;
  /**
   * Records that the undo is complete. Idempotent.
   * @param result `nothing_to_undo`: there was no effect. A repeated `beginUndo` then returns the same.
   */
  completeUndo(key: string, result?: 'undone' | 'nothing_to_undo'): Promise<void>;
  /** Returns the effects of an audition that stand or may stand, with what undoing them needs, oldest first. */
  standingEffects(auditionId: MeetingOwner): Promise<readonly StandingEffect[]>;
  /** Returns the meetings of an audition that were created, those that were removed included, oldest first. */
  createdMeetings(auditionId: AuditionId): Promise<readonly CreatedMeetingEffect[]>;
  /** Returns the recorded effects of an audition that stand, oldest first. */
  completedEffects(auditionId: AuditionId): Promise<readonly CompletedEffect[]>;
  /** Returns where all effects of an audition were made or tried, those that were undone included. */
  allTargets(auditionId: AuditionId): Promise<readonly EffectTarget[]>;
  /** Returns what undoing the effect of the key needs. Undefined when no attempt has recorded it. */
  targetOf(key: string): Promise<EffectTarget | undefined>;
  /** Returns the other operations of the same audition, provider and name, for effects that must keep their order. */
  othersLike(operation: OperationLike): Promise<readonly OtherOperation[]>;
}

interface OtherOperation {
  /** The recorded result. Undefined when the operation was not completed. */
  readonly result: unknown;
  /** Milliseconds until the lease of its running attempt ends. 0 when no attempt is running. */
  readonly runningMs: number;
}

type BeginResult = Awaited<ReturnType<OperationLedger['begin']>>;
type BeginUndoResult = Awaited<ReturnType<OperationLedger['beginUndo']>>;

/** The row can change between a failed claim and the query for the reason. Then the claim is tried again. */
const maxClaims = 10;

const claimAgainWhileChanged = async <Outcome>(
  key: string,
  attemptClaim: () => Promise<Outcome | 'claim_again'>,
): Promise<Outcome> => {
  for (let attempt = 0; attempt < maxClaims; attempt += 1) {
    const outcome = await attemptClaim();
    if (outcome !== 'claim_again') return outcome;
  }
  throw new Error(`the operation '${key}' was changed concurrently ${maxClaims} times: try again`);
};

/**
 * Creates the idempotency ledger. Every method is at most one statement when there is no conflict, and is safe for
 * concurrent calls, which share statements. The vault caches its data keys, so that sealing a target costs no round trip. The caller must end an attempt within its lease: the ledger cannot cancel a request that has been sent.
 */
export const createOperationLedger = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
  now = () => new Date(),
): OperationLedger => {
  const claim = createBatching({
    run: (attempts: readonly ClaimingAttempt[]) => claimAttempts(db, attempts),
    keyOf: ({ begin }) => begin.key,
  });
  const handOver = createBatching({
    run: (attempts: readonly HandOver[]) => handOverAttempts(db, attempts),
    keyOf: ({ key }) => key,
  });
  const complete = createBatching({
    run: (effects: readonly CompletedAttempt[]) => completeAttempts(db, effects),
    keyOf: ({ key }) => key,
  });
  return {
    async begin(operation) {
      const { key, target } = operation;
      const sealed = target && (await sealTarget(vault, key, target, now()));
      return claimAgainWhileChanged(key, async () => {
        const row = await claim({ begin: operation, sealed });
        return row ? begunWith(row) : beginRefused(await findRow(db, key), operation);
      });
    },

    async handOver(key, attempt, target) {
      const sealed = target && (await sealTarget(vault, key, target, now()));
      const isOwner = await handOver({ key, attempt, sealed });
      if (!isOwner) throw handOverRefused(await findRow(db, key), key, attempt);
    },

    async renew(key, attempt, leaseMs) {
      const renewed = await db
        .update(operations)
        .set({ leaseUntil: sql`now() + ${millisecondsInterval(leaseMs)}` })
        .where(and(ownedBy(key, attempt), isNotNull(operations.leaseUntil)))
        .returning({ key: operations.key });
      if (renewed.length === 0) throw handOverRefused(await findRow(db, key), key, attempt);
    },

    async complete(key, effect, surplus = []) {
      const row = await complete({ key, effect, surplus });
      if (!row) throw notBegunError(key);
      if (row.state !== 'completed') throw new Overtaken(key, 'undo');
      if (row.provider_id !== effect.providerId) throw new Overtaken(key, 'another_attempt');
    },

    async correctResult(key, { providerId, change }) {
      const isEffect = and(
        eq(operations.key, key),
        eq(operations.providerId, providerId),
        eq(operations.state, 'completed'),
        sql`jsonb_typeof(${operations.result}) = 'object'`,
      );
      await db
        .update(operations)
        .set({ result: sql`${operations.result} || ${JSON.stringify(change)}::jsonb` })
        .where(isEffect);
    },

    async recordSurplusRemoved(key, providerId) {
      await db
        .update(operations)
        .set({
          surplus: sql`(SELECT coalesce(jsonb_agg(effect), '[]'::jsonb)
          FROM jsonb_array_elements(${operations.surplus}) AS effect WHERE effect ->> 'providerId' <> ${providerId})`,
        })
        .where(eq(operations.key, key));
    },

    async release(key, attempt, effect) {
      await db
        .update(operations)
        .set({
          leaseUntil: null,
          handedOver: false,
          ...(effect === 'none' ? {} : { doubt: doubtOfThisAttempt }),
          ...(effect === 'open' ? { givenUpAt: sql`greatest(${operations.leaseUntil}, now())` } : {}),
        })
        .where(and(ownedBy(key, attempt), isNotNull(operations.leaseUntil)));
    },

    async markOperatorAsked(key, attempt, execution) {
      await db
        .update(operations)
        .set({ leaseUntil: null, handedOver: false, askedBy: execution })
        .where(and(ownedBy(key, attempt), isNotNull(operations.leaseUntil)));
    },

    async beginUndo(operation) {
      return claimAgainWhileChanged(operation.key, async () => {
        const row = await claimUndo(db, operation);
        return row ? undoOf(row) : beginUndoRefused(await findRow(db, operation.key), operation);
      });
    },

    async completeUndo(key, result = 'undone') {
      await db
        .update(operations)
        .set({ state: 'undone', ...(result === 'nothing_to_undo' && { requestHash: null }) })
        .where(and(eq(operations.key, key), eq(operations.state, 'undoing')));
    },

    async standingEffects(auditionId) {
      const rows = await findStanding(db, auditionId);
      const effects = await Promise.all(
        rows.map(async (row) => {
          const target = await targetOfRow(vault, row);
          const { key, providerId, state } = row;
          if (target?.kind === 'meeting' && providerId !== null) return [{ key, target, providerId }];
          if (target?.kind === 'calendar_event' && state === 'open') return [{ key, target, isOpen: true }];
          return target ? [{ key, target }] : [];
        }),
      );
      return effects.flat();
    },

    async createdMeetings(auditionId) {
      const rows = await findRecorded(db, auditionId);
      const created = await Promise.all(
        rows.map(async (row): Promise<readonly CreatedMeetingEffect[]> => {
          const { providerId, result } = row;
          const target = providerId === null ? undefined : await targetOfRow(vault, row);
          return providerId !== null && target?.kind === 'meeting' ? [{ target, providerId, result }] : [];
        }),
      );
      return created.flat();
    },

    async completedEffects(auditionId) {
      const rows = await findStanding(db, auditionId);
      const effects = await Promise.all(
        rows.map(async (row) => {
          const { key, state, result, completedAt } = row;
          if (state !== 'completed' || completedAt === null) return [];
          const target = await targetOfRow(vault, row);
          return target ? [{ key, target, result, completedAt }] : [];
        }),
      );
      return effects.flat();
    },

    async allTargets(auditionId) {
      const rows = await findTargeted(db, auditionId);
      return (await Promise.all(rows.map((row) => targetOfRow(vault, row)))).flatMap(
        (target) => target ?? [],
      );
    },

    async othersLike(operation) {
      const rows = await findOthersLike(db, operation);
      return rows.map(({ state, result, remainingMs }) => ({
        result: state === 'completed' ? result : undefined,
        runningMs: state === 'open' ? Math.max(0, remainingMs ?? 0) : 0,
      }));
    },

    async targetOf(key) {
      const row = await findRow(db, key);
      return row && targetOfRow(vault, row);
    },
  };
};

const targetOfRow = async (
  vault: Pick<Vault, 'open'>,
  { key, dataKey, sealedTarget }: OperationRow,
): Promise<EffectTarget | undefined> =>
  dataKey === null || sealedTarget === null ? undefined : openTarget(vault, key, { dataKey, sealedTarget });

const notBegunError = (key: string) => new Error(`the operation '${key}' has not begun: call begin first`);

const ownedBy = (key: string, attempt: number) =>
  and(eq(operations.key, key), eq(operations.state, 'open'), eq(operations.attempt, attempt));

const begunWith = (row: OperationRow): BeginResult =>
  row.doubt === 'none'
    ? { kind: 'first', attempt: row.attempt }
    : { kind: 'again', attempt: row.attempt, doubt: doubtOf(row) };

const busyWith = ({ remainingMs }: OperationRow) =>
  remainingMs === null ? 'claim_again' : ({ kind: 'busy', remainingMs: Math.max(0, remainingMs) } as const);

const beginRefused = (
  row: OperationRow | undefined,
  request: { readonly key: string; readonly organization: string; readonly requestHash: string },
): BeginResult | 'claim_again' => {
  if (!row) return 'claim_again';
  if (row.organization !== request.organization) throw new KeyReused(request.key);
  if (row.requestHash !== null && row.requestHash !== request.requestHash) throw new KeyReused(request.key);
  if (row.state === 'open') return busyWith(row);
  const surplus = surplusOf(row);
  return row.state === 'completed'
    ? { kind: 'done', result: row.result, surplus }
    : { kind: 'undone', surplus };
};

const handOverRefused = (row: OperationRow | undefined, key: string, attempt: number): Error => {
  if (!row) return notBegunError(key);
  if (row.state === 'undoing' || row.state === 'undone') return new Overtaken(key, 'undo');
  return new Overtaken(key, row.state === 'open' && row.attempt === attempt ? 'time' : 'another_attempt');
};

const beginUndoRefused = (
  row: OperationRow | undefined,
  request: { readonly key: string; readonly organization: string },
): BeginUndoResult | 'claim_again' => {
  if (!row) return 'claim_again';
  if (row.organization !== request.organization) throw new KeyReused(request.key);
  if (row.state === 'open') return busyWith(row);
  return row.state === 'completed' ? 'claim_again' : undoOf(row);
};

/** Returns the result of an undo from its row. A repeated undo gets the same result. */
const undoOf = (row: OperationRow): BeginUndoResult => {
  const surplus = surplusOf(row);
  if (row.state === 'undone') {
    return { kind: row.requestHash === null ? 'nothing_to_undo' : 'undone_before', surplus };
  }
  const doubt = row.doubt === 'none' ? undefined : doubtOf(row);
  if (row.completedAt) {
    const effect = { providerId: row.providerId ?? '', result: row.result };
    return { kind: 'happened', effect, doubt, surplus };
  }
  return { kind: 'unknown', doubt: doubtOf(row), surplus };
};
