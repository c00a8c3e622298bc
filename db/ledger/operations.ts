/**
 * The idempotency ledger. A row's life:
 *
 *     (none) --begin--> open --complete--> completed --beginUndo--> undoing --completeUndo--> undone
 *
 * While `open`, `lease_until` says whether an attempt is under way, by the database's clock, since the workers' clocks
 * differ, and `attempt` says which: an earlier one has lost the row. `doubt` says what attempts that ended without a
 * record may have left behind; `none` means that nothing has happened so far. An undo may overtake an attempt from any
 * state, and from then on no attempt begins. `surplus` holds, in every state, what came beside all that and is still
 * to be taken back.
 */
import { and, eq, gt, isNotNull, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { KeyReused, Overtaken } from '../errors.ts';
import { operations } from '../schema/operations.ts';
import {
  type Begin,
  type BeginUndo,
  claimAttempt,
  claimUndo,
  type Doubt,
  doubtOf,
  doubtOfThisAttempt,
  type Effect,
  findRow,
  type OperationRow,
  surplusOf,
} from './rows.ts';

export type { Doubt, Effect } from './rows.ts';

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
  begin(
    operation: Begin,
  ): Promise<
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
  recordSurplusRemoved(key: string, providerId: string): Promise<void>;
  /**
   * Gives the lease back, if it is this attempt's: its call had no effect (`none`), ended with an unknown one, or is
   * perhaps still `open` at the provider.
   */
  release(key: string, attempt: number, effect: 'none' | 'unknown' | 'open'): Promise<void>;
  /** Notes that this activity execution puts the doubt before a person, and gives the lease back. */
  markOperatorAsked(key: string, attempt: number, execution: string): Promise<void>;
  /**
   * Begins to undo, and from then on refuses `begin` with `undone`. A key nobody has used becomes a tombstone, so
   * that a late attempt cannot do what is already undone.
   */
  beginUndo(operation: BeginUndo): Promise<
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

type BeginResult = Awaited<ReturnType<OperationLedger['begin']>>;
type BeginUndoResult = Awaited<ReturnType<OperationLedger['beginUndo']>>;

/** The row can change between the claim that failed and the look at why: then the claim is made again. */
const maxClaims = 10;

const claimAgainWhileChanged = async <Outcome>(
  key: string,
  attemptClaim: () => Promise<Outcome | 'claim_again'>,
): Promise<Outcome> => {
  for (let attempt = 0; attempt < maxClaims; attempt += 1) {
    const outcome = await attemptClaim();
    if (outcome !== 'claim_again') return outcome;
  }
  throw new Error(`the operation '${key}' changed faster than it could be read`);
};

/**
 * Every method is one statement where all goes well, and correct when many call it at once. The caller sees to it that
 * an attempt ends within its lease: nothing here can call back a request that is on its way.
 *
 * @throws {KeyReused} from `begin` and `beginUndo`, when the key stands for something else.
 * @throws {Overtaken} from `handOver` and `complete`, when the attempt has lost the operation.
 */
export const createOperationLedger = (db: Database): OperationLedger => ({
  async begin(operation) {
    return claimAgainWhileChanged(operation.key, async () => {
      const row = await claimAttempt(db, operation);
      return row ? begunWith(row) : beginRefused(await findRow(db, operation.key), operation);
    });
  },

  async handOver(key, attempt) {
    const [row] = await db
      .update(operations)
      .set({ handedOver: true, askedBy: null })
      .where(and(ownedBy(key, attempt), gt(operations.leaseUntil, sql`now()`)))
      .returning({ key: operations.key });
    if (!row) throw handOverRefused(await findRow(db, key), key, attempt);
  },

  async complete(key, effect, surplus = []) {
    const isOpen = sql`${operations.state} = 'open'`;
    const known = sql`${isOpen} OR (${operations.state} = 'completed' AND ${operations.providerId} = ${effect.providerId})`;
    const result = sql`${JSON.stringify(effect.result ?? null)}::jsonb`;
    const [row] = await db
      .update(operations)
      .set({
        state: sql`CASE WHEN ${isOpen} THEN 'completed' ELSE ${operations.state} END`,
        providerId: sql`CASE WHEN ${isOpen} THEN ${effect.providerId} ELSE ${operations.providerId} END`,
        result: sql`CASE WHEN ${isOpen} THEN ${result} ELSE ${operations.result} END`,
        completedAt: sql`CASE WHEN ${isOpen} THEN now() ELSE ${operations.completedAt} END`,
        surplus: sql`${operations.surplus} || ${asJson(surplus)} || CASE WHEN ${known} THEN '[]'::jsonb ELSE ${asJson([effect])} END`,
        leaseUntil: null,
      })
      .where(eq(operations.key, key))
      .returning({ state: operations.state, providerId: operations.providerId });
    if (!row) throw notBegunError(key);
    if (row.state !== 'completed') throw new Overtaken(key, 'undo');
    if (row.providerId !== effect.providerId) throw new Overtaken(key, 'another_attempt');
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

  async completeUndo(key) {
    await db
      .update(operations)
      .set({ state: 'undone' })
      .where(and(eq(operations.key, key), eq(operations.state, 'undoing')));
  },
});

const notBegunError = (key: string) => new Error(`the operation '${key}' has not begun`);

const ownedBy = (key: string, attempt: number) =>
  and(eq(operations.key, key), eq(operations.state, 'open'), eq(operations.attempt, attempt));

const asJson = (effects: readonly Effect[]) => sql`${JSON.stringify(effects)}::jsonb`;

const begunWith = (row: OperationRow): BeginResult =>
  row.doubt === 'none'
    ? { kind: 'first', attempt: row.attempt }
    : { kind: 'again', attempt: row.attempt, doubt: doubtOf(row) };

const busyWith = ({ remainingMs }: OperationRow) =>
  remainingMs === null ? 'claim_again' : ({ kind: 'busy', remainingMs: Math.max(0, remainingMs) } as const);

const beginRefused = (
  row: OperationRow | undefined,
  asked: { readonly key: string; readonly organization: string; readonly requestHash: string },
): BeginResult | 'claim_again' => {
  if (!row) return 'claim_again';
  if (row.organization !== asked.organization) throw new KeyReused(asked.key);
  if (row.requestHash !== null && row.requestHash !== asked.requestHash) throw new KeyReused(asked.key);
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
  asked: { readonly key: string; readonly organization: string },
): BeginUndoResult | 'claim_again' => {
  if (!row) return 'claim_again';
  if (row.organization !== asked.organization) throw new KeyReused(asked.key);
  if (row.state === 'open') return busyWith(row);
  return row.state === 'completed' ? 'claim_again' : undoOf(row);
};

/** An undo that crashed asks again and gets the answer it had; so does one that found nothing to undo. */
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
