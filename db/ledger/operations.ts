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
import type { Effect, OperationLedger } from '../repositories.ts';
import { operations } from '../schema/operations.ts';
import { claim, claimUndo, doubtOf, doubtOfThisAttempt, findRow, type Row, surplusOf } from './rows.ts';

type Begun = Awaited<ReturnType<OperationLedger['begin']>>;
type UndoBegun = Awaited<ReturnType<OperationLedger['beginUndo']>>;

/** The row can change between the claim that failed and the look at why: then the claim is made again. */
const claimsAtMost = 10;

/**
 * Every method is one statement where all goes well, and correct when many call it at once. The caller sees to it that
 * an attempt ends within its lease: nothing here can call back a request that is on its way.
 *
 * @throws {KeyReused} from `begin` and `beginUndo`, when the key stands for something else.
 * @throws {Overtaken} from `handOver` and `complete`, when the attempt has lost the operation.
 */
export const createOperationLedger = (db: Database): OperationLedger => ({
  async begin(operation) {
    for (let attempt = 0; attempt < claimsAtMost; attempt += 1) {
      const row = await claim(db, operation);
      const begun = row ? begunWith(row) : whyNotBegun(await findRow(db, operation.key), operation);
      if (begun !== 'claim_again') return begun;
    }
    throw contended(operation.key);
  },

  async handOver(key, attempt) {
    const [row] = await db
      .update(operations)
      .set({ handedOver: true, askedBy: null })
      .where(and(ownedBy(key, attempt), gt(operations.leaseUntil, sql`now()`)))
      .returning({ key: operations.key });
    if (!row) throw whyNotHandedOver(await findRow(db, key), key, attempt);
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
    if (!row) throw neverBegun(key);
    if (row.state !== 'completed') throw new Overtaken(key, 'undo');
    if (row.providerId !== effect.providerId) throw new Overtaken(key, 'another_attempt');
  },

  async takenBack(key, providerId) {
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

  async askPerson(key, attempt, execution) {
    await db
      .update(operations)
      .set({ leaseUntil: null, handedOver: false, askedBy: execution })
      .where(and(ownedBy(key, attempt), isNotNull(operations.leaseUntil)));
  },

  async beginUndo(operation) {
    for (let attempt = 0; attempt < claimsAtMost; attempt += 1) {
      const row = await claimUndo(db, operation);
      const begun = row ? undoOf(row) : whyNotUndone(await findRow(db, operation.key), operation);
      if (begun !== 'claim_again') return begun;
    }
    throw contended(operation.key);
  },

  async completeUndo(key) {
    await db
      .update(operations)
      .set({ state: 'undone' })
      .where(and(eq(operations.key, key), eq(operations.state, 'undoing')));
  },
});

const neverBegun = (key: string) => new Error(`the operation '${key}' has not begun`);
const contended = (key: string) => new Error(`the operation '${key}' changed faster than it could be read`);

const ownedBy = (key: string, attempt: number) =>
  and(eq(operations.key, key), eq(operations.state, 'open'), eq(operations.attempt, attempt));

const asJson = (effects: readonly Effect[]) => sql`${JSON.stringify(effects)}::jsonb`;

const begunWith = (row: Row): Begun =>
  row.doubt === 'none'
    ? { kind: 'first', attempt: row.attempt }
    : { kind: 'again', attempt: row.attempt, doubt: doubtOf(row) };

const busyWith = ({ remainingMs }: Row) =>
  remainingMs === null ? 'claim_again' : ({ kind: 'busy', remainingMs: Math.max(0, remainingMs) } as const);

const whyNotBegun = (
  row: Row | undefined,
  asked: { readonly key: string; readonly organization: string; readonly requestHash: string },
): Begun | 'claim_again' => {
  if (!row) return 'claim_again';
  if (row.organization !== asked.organization) throw new KeyReused(asked.key);
  if (row.requestHash !== null && row.requestHash !== asked.requestHash) throw new KeyReused(asked.key);
  if (row.state === 'open') return busyWith(row);
  const surplus = surplusOf(row);
  return row.state === 'completed'
    ? { kind: 'done', result: row.result, surplus }
    : { kind: 'undone', surplus };
};

const whyNotHandedOver = (row: Row | undefined, key: string, attempt: number): Error => {
  if (!row) return neverBegun(key);
  if (row.state === 'undoing' || row.state === 'undone') return new Overtaken(key, 'undo');
  return new Overtaken(key, row.state === 'open' && row.attempt === attempt ? 'time' : 'another_attempt');
};

const whyNotUndone = (
  row: Row | undefined,
  asked: { readonly key: string; readonly organization: string },
): UndoBegun | 'claim_again' => {
  if (!row) return 'claim_again';
  if (row.organization !== asked.organization) throw new KeyReused(asked.key);
  if (row.state === 'open') return busyWith(row);
  return row.state === 'completed' ? 'claim_again' : undoOf(row);
};

/** An undo that crashed asks again and gets the answer it had; so does one that found nothing to undo. */
const undoOf = (row: Row): UndoBegun => {
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
