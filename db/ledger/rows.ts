/** Rows of the ledger: reading them with times by the database's clock, and claiming them, for an attempt or an undo. */
import { and, eq, getTableColumns, inArray, isNull, lte, or, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { operations } from '../schema/operations.ts';
import { millisecondsInterval } from '../time.ts';

/** What attempts that ended without a record may have left behind. */
export interface Doubt {
  readonly startedAt: Instant;
  /** Whether any of them may have had its effect: before the hand-over it certainly had not. */
  readonly handedOver: boolean;
  /**
   * How long ago, by the database's clock, the lease ended of the last one whose call was not seen to end; negative
   * while it would still run. Undefined when every call has ended.
   */
  readonly abandonedForMs: number | undefined;
  /** The activity execution that has put the doubt before a person. */
  readonly askedBy: string | undefined;
}

/** One effect at the provider. */
export interface Effect {
  readonly providerId: string;
  readonly result: unknown;
}

export interface Begin {
  readonly key: string;
  readonly organization: OrganizationId;
  readonly provider: string;
  readonly operation: string;
  /** SHA-256 of what is asked. A key that comes back with another request throws `KeyReused`. */
  readonly requestHash: string;
  readonly leaseMs: number;
  /** Whether the effect is possible from the start, without a call of `handOver`. */
  readonly handedOver: boolean;
}

export interface BeginUndo {
  readonly key: string;
  readonly organization: OrganizationId;
  readonly provider: string;
  readonly operation: string;
}

const toMilliseconds = (interval: SQL) =>
  sql<number | null>`(extract(epoch from ${interval}) * 1000)::float8`.mapWith(Number);

const columns = {
  ...getTableColumns(operations),
  /** Until the lease ends. */
  remainingMs: toMilliseconds(sql`${operations.leaseUntil} - now()`),
  /** Since the lease ended of the last call that was not seen to end; negative while it would still run. */
  abandonedForMs: toMilliseconds(sql`now() - ${operations.givenUpAt}`),
};
export type OperationRow = typeof operations.$inferSelect & {
  readonly remainingMs: number | null;
  readonly abandonedForMs: number | null;
};

export const findRow = async (db: Database, key: string): Promise<OperationRow | undefined> => {
  const [row] = await db.select(columns).from(operations).where(eq(operations.key, key));
  return row;
};

const effectsSchema = z.array(z.object({ providerId: z.string(), result: z.unknown() }));

export const surplusOf = ({ surplus }: OperationRow): readonly Effect[] => effectsSchema.parse(surplus);

export const doubtOf = (row: OperationRow): Doubt => ({
  startedAt: row.startedAt,
  handedOver: row.doubt === 'handed_over',
  abandonedForMs: row.abandonedForMs ?? undefined,
  askedBy: row.askedBy ?? undefined,
});

const isLeaseFree = or(isNull(operations.leaseUntil), lte(operations.leaseUntil, sql`now()`));

/** An attempt that never let go of its lease crashed, or is still out there: as good as an unknown effect. */
export const doubtOfThisAttempt: SQL = sql`CASE
  WHEN ${operations.doubt} = 'handed_over' OR ${operations.handedOver} THEN 'handed_over' ELSE 'started' END`;
const doubtOnClaim: SQL = sql`CASE
  WHEN ${operations.leaseUntil} IS NULL THEN ${operations.doubt} ELSE ${doubtOfThisAttempt} END`;
const givenUpAtOnClaim: SQL = sql`CASE
  WHEN ${operations.leaseUntil} IS NOT NULL AND ${operations.handedOver} THEN ${operations.leaseUntil}
  ELSE ${operations.givenUpAt} END`;
const hasNoEffect = sql`${operations.leaseUntil} IS NULL AND ${operations.doubt} = 'none'`;

/** The row, owned by the attempt that asks; undefined when it cannot have it. */
export const claimAttempt = async (db: Database, asked: Begin): Promise<OperationRow | undefined> => {
  const { key, organization, provider, operation, requestHash, leaseMs, handedOver } = asked;
  const leaseUntil = sql`now() + ${millisecondsInterval(leaseMs)}`;
  const [row] = await db
    .insert(operations)
    .values({
      key,
      organization,
      provider,
      operation,
      requestHash,
      state: 'open',
      attempt: 1,
      handedOver,
      startedAt: sql`now()`,
      leaseUntil,
    })
    .onConflictDoUpdate({
      target: operations.key,
      set: {
        attempt: sql`${operations.attempt} + 1`,
        leaseUntil,
        doubt: doubtOnClaim,
        givenUpAt: givenUpAtOnClaim,
        handedOver,
        startedAt: sql`CASE WHEN ${hasNoEffect} THEN now() ELSE ${operations.startedAt} END`,
      },
      setWhere: and(
        eq(operations.state, 'open'),
        eq(operations.organization, organization),
        eq(operations.requestHash, requestHash),
        isLeaseFree,
      ),
    })
    .returning(columns);
  return row;
};

/** The row, closed to every attempt from now on; undefined when one is under way or an undo has begun already. */
export const claimUndo = async (db: Database, asked: BeginUndo): Promise<OperationRow | undefined> => {
  const { key, organization, provider, operation } = asked;
  const [row] = await db
    .insert(operations)
    .values({ key, organization, provider, operation, state: 'undone', startedAt: sql`now()` })
    .onConflictDoUpdate({
      target: operations.key,
      set: {
        state: sql`CASE WHEN ${operations.state} = 'open' AND ${hasNoEffect} THEN 'undone' ELSE 'undoing' END`,
        requestHash: sql`CASE WHEN ${operations.state} = 'open' AND ${hasNoEffect} THEN NULL ELSE ${operations.requestHash} END`,
        doubt: doubtOnClaim,
        givenUpAt: givenUpAtOnClaim,
        leaseUntil: null,
      },
      setWhere: and(
        eq(operations.organization, organization),
        inArray(operations.state, ['open', 'completed']),
        isLeaseFree,
      ),
    })
    .returning(columns);
  return row;
};
