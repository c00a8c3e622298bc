/**
 * The idempotency ledger. A row's life:
 *
 *     (none) --begin--> open --complete--> completed --beginUndo--> undoing --completeUndo--> undone
 *
 * While `open`, `lease_until` says whether an attempt is under way, by the database's clock, since the workers' clocks
 * differ. `doubt` says what attempts that ended without a record may have left behind; `none` means that nothing has
 * happened so far. An undo may overtake an attempt from any state, and from then on no attempt begins.
 */
import { and, eq, inArray, isNotNull, isNull, lte, or, type SQL, sql } from 'drizzle-orm';
import type { Database } from './connection.ts';
import { KeyReused, Overtaken } from './errors.ts';
import type { OperationLedger } from './repositories.ts';
import { operations } from './schema/operations.ts';

type Row = typeof operations.$inferSelect;
type Begun = Awaited<ReturnType<OperationLedger['begin']>>;
type UndoBegun = Awaited<ReturnType<OperationLedger['beginUndo']>>;

/** The row can change between the claim that failed and the look at why: then the claim is made again. */
const claimsAtMost = 10;

/**
 * Every method is one statement where all goes well, and correct when many call it at once. The caller sees to it that
 * an attempt ends within its lease: nothing here can call back a request that is on its way.
 *
 * @throws {KeyReused} from `begin` and `beginUndo`, when the key stands for something else.
 * @throws {Overtaken} from `handOver` and `complete`, when an undo or another attempt got there first.
 */
export const createOperationLedger = (db: Database): OperationLedger => ({
  async begin(operation) {
    for (let attempt = 0; attempt < claimsAtMost; attempt += 1) {
      const begun = (await claim(db, operation)) ?? whyNotBegun(await find(db, operation.key), operation);
      if (begun !== 'claim_again') return begun;
    }
    throw contended(operation.key);
  },

  async handOver(key) {
    const [row] = await db
      .update(operations)
      .set({ handedOver: sql`${operations.state} = 'open'` })
      .where(eq(operations.key, key))
      .returning({ state: operations.state });
    if (!row) throw neverBegun(key);
    if (row.state !== 'open')
      throw new Overtaken(key, row.state === 'completed' ? 'another_attempt' : 'undo');
  },

  async complete(key, { providerId, result }) {
    const [row] = await db
      .update(operations)
      .set({
        state: sql`CASE WHEN ${operations.state} = 'open' THEN 'completed' ELSE ${operations.state} END`,
        providerId: sql`coalesce(${operations.providerId}, ${providerId})`,
        result: sql`CASE WHEN ${operations.completedAt} IS NULL THEN ${JSON.stringify(result ?? null)}::jsonb ELSE ${operations.result} END`,
        completedAt: sql`coalesce(${operations.completedAt}, now())`,
        leaseUntil: null,
      })
      .where(eq(operations.key, key))
      .returning({ state: operations.state });
    if (!row) throw neverBegun(key);
    if (row.state !== 'completed') throw new Overtaken(key, 'undo');
  },

  async release(key, effect) {
    await db
      .update(operations)
      .set({
        leaseUntil: null,
        handedOver: false,
        ...(effect === 'unknown' ? { doubt: doubtOfThisAttempt } : {}),
      })
      .where(and(eq(operations.key, key), eq(operations.state, 'open'), isNotNull(operations.leaseUntil)));
  },

  async beginUndo(operation) {
    for (let attempt = 0; attempt < claimsAtMost; attempt += 1) {
      const begun =
        (await claimUndo(db, operation)) ?? whyNotUndone(await find(db, operation.key), operation);
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

const find = async (db: Database, key: string): Promise<Row | undefined> => {
  const [row] = await db.select().from(operations).where(eq(operations.key, key));
  return row;
};

const nobodyIsAtIt = or(isNull(operations.leaseUntil), lte(operations.leaseUntil, sql`now()`));

/** An attempt that never let go of its lease crashed, or is still out there: as good as an unknown effect. */
const doubtOfThisAttempt: SQL = sql`CASE
  WHEN ${operations.doubt} = 'handed_over' OR ${operations.handedOver} THEN 'handed_over' ELSE 'started' END`;
const doubtByNow: SQL = sql`CASE
  WHEN ${operations.leaseUntil} IS NULL THEN ${operations.doubt} ELSE ${doubtOfThisAttempt} END`;
const nothingHappened = sql`${operations.leaseUntil} IS NULL AND ${operations.doubt} = 'none'`;

const claim = async (
  db: Database,
  { key, organization, provider, operation, requestHash, leaseMs }: Parameters<OperationLedger['begin']>[0],
): Promise<Begun | undefined> => {
  const leaseUntil = sql`now() + ${leaseMs} * interval '1 millisecond'`;
  const [row] = await db
    .insert(operations)
    .values({
      key,
      organization,
      provider,
      operation,
      requestHash,
      state: 'open',
      startedAt: sql`now()`,
      leaseUntil,
    })
    .onConflictDoUpdate({
      target: operations.key,
      set: {
        leaseUntil,
        doubt: doubtByNow,
        handedOver: false,
        startedAt: sql`CASE WHEN ${nothingHappened} THEN now() ELSE ${operations.startedAt} END`,
      },
      setWhere: and(
        eq(operations.state, 'open'),
        eq(operations.organization, organization),
        eq(operations.requestHash, requestHash),
        nobodyIsAtIt,
      ),
    })
    .returning();
  if (!row) return undefined;
  if (row.doubt === 'none') return { kind: 'first' };
  return { kind: 'again', startedAt: row.startedAt, handedOver: row.doubt === 'handed_over' };
};

const busyUntil = (leaseUntil: Row['leaseUntil']) =>
  leaseUntil ? ({ kind: 'busy', untilMs: Date.parse(leaseUntil) } as const) : 'claim_again';

const whyNotBegun = (
  row: Row | undefined,
  asked: { readonly key: string; readonly organization: string; readonly requestHash: string },
): Begun | 'claim_again' => {
  if (!row) return 'claim_again';
  if (row.organization !== asked.organization) throw new KeyReused(asked.key);
  if (row.requestHash !== null && row.requestHash !== asked.requestHash) throw new KeyReused(asked.key);
  if (row.state === 'open') return busyUntil(row.leaseUntil);
  return row.state === 'completed' ? { kind: 'done', result: row.result } : { kind: 'undone' };
};

const claimUndo = async (
  db: Database,
  { key, organization, provider, operation }: Parameters<OperationLedger['beginUndo']>[0],
): Promise<UndoBegun | undefined> => {
  const [row] = await db
    .insert(operations)
    .values({ key, organization, provider, operation, state: 'undone', startedAt: sql`now()` })
    .onConflictDoUpdate({
      target: operations.key,
      set: {
        state: sql`CASE WHEN ${operations.state} = 'open' AND ${nothingHappened} THEN 'undone' ELSE 'undoing' END`,
        requestHash: sql`CASE WHEN ${operations.state} = 'open' AND ${nothingHappened} THEN NULL ELSE ${operations.requestHash} END`,
        doubt: doubtByNow,
        leaseUntil: null,
      },
      setWhere: and(
        eq(operations.organization, organization),
        inArray(operations.state, ['open', 'completed']),
        nobodyIsAtIt,
      ),
    })
    .returning();
  return row && undoOf(row);
};

const whyNotUndone = (
  row: Row | undefined,
  asked: { readonly key: string; readonly organization: string },
): UndoBegun | 'claim_again' => {
  if (!row) return 'claim_again';
  if (row.organization !== asked.organization) throw new KeyReused(asked.key);
  if (row.state === 'open') return busyUntil(row.leaseUntil);
  return row.state === 'completed' ? 'claim_again' : undoOf(row);
};

/** An undo that crashed asks again and gets the answer it had; so does one that found nothing to undo. */
const undoOf = (row: Row): UndoBegun => {
  if (row.state === 'undone') return { kind: row.requestHash === null ? 'nothing_to_undo' : 'undone_before' };
  if (row.completedAt) return { kind: 'happened', providerId: row.providerId ?? '', result: row.result };
  return { kind: 'unknown', startedAt: row.startedAt, handedOver: row.doubt === 'handed_over' };
};
