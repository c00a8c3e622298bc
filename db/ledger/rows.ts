/** Reads rows of the ledger, and claims them for an attempt or an undo. Times are by the database's clock. */
import { and, eq, getTableColumns, inArray, isNull, lte, or, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { EffectTarget } from '../../domain/audition/effects.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { operations } from '../schema/operations.ts';
import { millisecondsInterval } from '../time.ts';
import type { SealedTarget } from './targets.ts';

/** Possible effects of attempts that ended without a record. */
export interface Doubt {
  /** Start of the earliest of these attempts. */
  readonly startedAt: Instant;
  /** Whether one of them handed its call over. Before the hand-over, a call has no effect. */
  readonly handedOver: boolean;
  /**
   * Milliseconds since the lease ended of the last attempt that did not see its call end. Negative before the end of the
   * lease. Undefined when every call has ended. By the database's clock.
   */
  readonly abandonedForMs: number | undefined;
  /** The activity execution that asked an operator about the doubt. */
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
  /** SHA-256 of the request. Using a key again with another request throws `KeyReused`. */
  readonly requestHash: string;
  /** Duration of the lease, in milliseconds. */
  readonly leaseMs: number;
  /** Whether the call counts as handed over from the beginning, without `handOver`. */
  readonly handedOver: boolean;
  /** The audition that undoes the effect. */
  readonly auditionId?: AuditionId | undefined;
  /** What undoing the effect needs. The target of an attempt that may have had an effect is kept. */
  readonly target?: EffectTarget | undefined;
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
  /** Milliseconds until the lease ends. */
  remainingMs: toMilliseconds(sql`${operations.leaseUntil} - now()`),
  /** Milliseconds since the lease ended of the last attempt that did not see its call end. */
  abandonedForMs: toMilliseconds(sql`now() - ${operations.givenUpAt}`),
};
export type OperationRow = typeof operations.$inferSelect & {
  readonly remainingMs: number | null;
  readonly abandonedForMs: number | null;
};

/** Returns the row of a key; undefined when there is none. */
export const findRow = async (db: Database, key: string): Promise<OperationRow | undefined> => {
  const [row] = await db.select(columns).from(operations).where(eq(operations.key, key));
  return row;
};

const effectsSchema = z.array(z.object({ providerId: z.string(), result: z.unknown() }));

/** Returns the surplus effects of a row. */
export const surplusOf = ({ surplus }: OperationRow): readonly Effect[] => effectsSchema.parse(surplus);

/** Returns the doubt of a row. */
export const doubtOf = (row: OperationRow): Doubt => ({
  startedAt: row.startedAt,
  handedOver: row.doubt === 'handed_over',
  abandonedForMs: row.abandonedForMs ?? undefined,
  askedBy: row.askedBy ?? undefined,
});

const isLeaseFree = or(isNull(operations.leaseUntil), lte(operations.leaseUntil, sql`now()`));

/** The doubt after this attempt. An attempt that has not released its lease crashed or is running: its effect is unknown. */
export const doubtOfThisAttempt: SQL = sql`CASE
  WHEN ${operations.doubt} = 'handed_over' OR ${operations.handedOver} THEN 'handed_over' ELSE 'started' END`;
const doubtOnClaim: SQL = sql`CASE
  WHEN ${operations.leaseUntil} IS NULL THEN ${operations.doubt} ELSE ${doubtOfThisAttempt} END`;
const givenUpAtOnClaim: SQL = sql`CASE
  WHEN ${operations.leaseUntil} IS NOT NULL AND ${operations.handedOver} THEN ${operations.leaseUntil}
  ELSE ${operations.givenUpAt} END`;
const hasNoEffect = sql`${operations.leaseUntil} IS NULL AND ${operations.doubt} = 'none'`;
/** An earlier attempt may have had its effect at the target that it has recorded. */
const keepsTarget = sql`${operations.sealedTarget} IS NOT NULL AND NOT (${hasNoEffect})`;

/** Claims the row for a new attempt and returns it. Undefined when the claim is refused. */
export const claimAttempt = async (
  db: Database,
  begin: Begin,
  sealed: SealedTarget | undefined,
): Promise<OperationRow | undefined> => {
  const { key, organization, provider, operation, requestHash, leaseMs, handedOver, auditionId } = begin;
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
      auditionId,
      ...sealed,
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
        auditionId: sql`coalesce(${operations.auditionId}, excluded.audition_id)`,
        ...(sealed && {
          dataKey: sql`CASE WHEN ${keepsTarget} THEN ${operations.dataKey} ELSE excluded.data_key END`,
          sealedTarget: sql`CASE WHEN ${keepsTarget} THEN ${operations.sealedTarget} ELSE excluded.sealed_target END`,
        }),
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

/** Claims the row for an undo and returns it. Undefined when an attempt is running or an undo has begun already. */
export const claimUndo = async (db: Database, undo: BeginUndo): Promise<OperationRow | undefined> => {
  const { key, organization, provider, operation } = undo;
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

/** Matches the operations that have or may have an effect. */
export const isStanding = or(
  inArray(operations.state, ['completed', 'undoing']),
  and(eq(operations.state, 'open'), sql`NOT (${hasNoEffect})`),
  sql`${operations.surplus} <> '[]'::jsonb`,
);

/** Returns the operations of an audition that have or may have an effect, oldest first. */
export const findStanding = (db: Database, auditionId: AuditionId): Promise<readonly OperationRow[]> =>
  db
    .select(columns)
    .from(operations)
    .where(and(eq(operations.auditionId, auditionId), isStanding))
    .orderBy(operations.startedAt, operations.key);
