/** Reads rows of the ledger, and claims them for an attempt or an undo. Times are by the database's clock. */
import {
  and,
  eq,
  getTableColumns,
  inArray,
  isNotNull,
  isNull,
  lte,
  ne,
  or,
  type SQL,
  sql,
} from 'drizzle-orm';
import { z } from 'zod';
import type { MeetingOwner } from '../../domain/audition/casting-session.ts';
import type { EffectTarget } from '../../domain/audition/effects.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { operationStates, operations } from '../schema/operations.ts';
import { sessionRoomUses } from '../schema/session-rooms.ts';
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
  /** The audition that undoes the effect, or the casting session whose room it is. */
  readonly auditionId?: MeetingOwner | undefined;
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

/** An operation, among those of its audition that have the same provider and name. */
export interface OperationLike {
  /** The operation that is left out. */
  readonly key?: string | undefined;
  readonly auditionId: MeetingOwner;
  readonly provider: string;
  readonly operation: string;
}

/** Returns the other operations of the audition with the same provider and name. */
export const findOthersLike = (
  db: Database,
  { key, auditionId, provider, operation }: OperationLike,
): Promise<readonly OperationRow[]> =>
  db
    .select(columns)
    .from(operations)
    .where(
      and(
        eq(operations.auditionId, auditionId),
        eq(operations.provider, provider),
        eq(operations.operation, operation),
        key === undefined ? undefined : ne(operations.key, key),
      ),
    );

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

/** An attempt that begins, with its sealed target. */
export interface ClaimingAttempt {
  readonly begin: Begin;
  readonly sealed: SealedTarget | undefined;
}

/** Returns the stored value, unless the attempt replaces the target. */
const keptOr = (stored: SQL, other: SQL): SQL =>
  sql`CASE WHEN excluded.sealed_target IS NULL OR ${keepsTarget} THEN ${stored} ELSE ${other} END`;

const claimed = sql.raw(
  `claimed(key text, organization text, provider text, operation text, request_hash text, handed_over boolean,
    lease_ms float8, audition_id text, data_key text, sealed_target text)`,
);

/**
 * Claims the rows for new attempts, in one statement. Returns the row of each attempt, in the same order, or null when
 * its claim is refused. The keys must be distinct. They are locked in a fixed order, so that two statements cannot
 * deadlock.
 */
export const claimAttempts = async (
  db: Database,
  attempts: readonly ClaimingAttempt[],
): Promise<readonly (OperationRow | null)[]> => {
  const recordset = attempts.map(({ begin, sealed }) => ({
    key: begin.key,
    organization: begin.organization,
    provider: begin.provider,
    operation: begin.operation,
    request_hash: begin.requestHash,
    handed_over: begin.handedOver,
    lease_ms: begin.leaseMs,
    audition_id: begin.auditionId ?? null,
    data_key: sealed?.dataKey ?? null,
    sealed_target: sealed?.sealedTarget ?? null,
  }));
  const rows = await db
    .insert(operations)
    .select(
      // In the order of the columns of the table.
      sql`SELECT key, organization, provider, operation, request_hash, 'open', 1, 'none', handed_over,
          now() + lease_ms * interval '1 millisecond', NULL::timestamptz, NULL, now(), NULL::timestamptz, NULL,
          NULL::jsonb, '[]'::jsonb, audition_id, sealed_target, data_key
        FROM jsonb_to_recordset(${JSON.stringify(recordset)}::jsonb) AS ${claimed} ORDER BY key`,
    )
    .onConflictDoUpdate({
      target: operations.key,
      set: {
        attempt: sql`${operations.attempt} + 1`,
        leaseUntil: sql`excluded.lease_until`,
        doubt: doubtOnClaim,
        givenUpAt: givenUpAtOnClaim,
        handedOver: sql`excluded.handed_over`,
        startedAt: sql`CASE WHEN ${hasNoEffect} THEN now() ELSE ${operations.startedAt} END`,
        auditionId: sql`coalesce(${operations.auditionId}, excluded.audition_id)`,
        dataKey: keptOr(sql`${operations.dataKey}`, sql`excluded.data_key`),
        sealedTarget: keptOr(sql`${operations.sealedTarget}`, sql`excluded.sealed_target`),
      },
      setWhere: and(
        eq(operations.state, 'open'),
        eq(operations.organization, sql`excluded.organization`),
        eq(operations.requestHash, sql`excluded.request_hash`),
        isLeaseFree,
      ),
    })
    .returning(columns);
  return attempts.map(({ begin }) => rows.find(({ key }) => key === begin.key) ?? null);
};

/** The effect of an attempt, and the further effects that were found with it. */
export interface CompletedAttempt {
  readonly key: string;
  readonly effect: Effect;
  readonly surplus: readonly Effect[];
}

const completedSchema = z.array(
  z.object({ key: z.string(), state: z.enum(operationStates), provider_id: z.string().nullable() }),
);

/**
 * Records effects, in one statement. Returns state and provider id of each row, in the same order, or null when there is
 * no row. The keys must be distinct.
 */
export const completeAttempts = async (
  db: Database,
  effects: readonly CompletedAttempt[],
): Promise<readonly (z.output<typeof completedSchema>[number] | null)[]> => {
  const recordset = effects.map(({ key, effect, surplus }) => ({
    key,
    provider_id: effect.providerId,
    result: effect.result ?? null,
    effect: [effect],
    surplus,
  }));
  const { rows } = await db.execute(sql`
    UPDATE operations SET
      state = CASE WHEN operations.state = 'open' THEN 'completed' ELSE operations.state END,
      provider_id = CASE WHEN operations.state = 'open' THEN done.provider_id ELSE operations.provider_id END,
      result = CASE WHEN operations.state = 'open' THEN done.result ELSE operations.result END,
      completed_at = CASE WHEN operations.state = 'open' THEN now() ELSE operations.completed_at END,
      surplus = operations.surplus || done.surplus || CASE
        WHEN operations.state = 'open' OR (operations.state = 'completed' AND operations.provider_id = done.provider_id)
        THEN '[]'::jsonb ELSE done.effect END,
      lease_until = NULL
    FROM jsonb_to_recordset(${JSON.stringify(recordset)}::jsonb)
      AS done(key text, provider_id text, result jsonb, effect jsonb, surplus jsonb)
    WHERE operations.key = done.key
    RETURNING operations.key, operations.state, operations.provider_id
  `);
  const completed = completedSchema.parse(rows);
  return effects.map(({ key }) => completed.find((row) => row.key === key) ?? null);
};

const keySchema = z.array(z.object({ key: z.string() }));

export interface HandOver {
  readonly key: string;
  readonly attempt: number;
  /** Replaces the stored target. */
  readonly sealed?: SealedTarget | undefined;
}

/** Records the hand-overs, in one statement. Returns whether each attempt owns its row. The keys must be distinct. */
export const handOverAttempts = async (
  db: Database,
  attempts: readonly HandOver[],
): Promise<readonly boolean[]> => {
  const recordset = attempts.map(({ key, attempt, sealed }) => ({
    key,
    attempt,
    data_key: sealed?.dataKey ?? null,
    sealed_target: sealed?.sealedTarget ?? null,
  }));
  const { rows } = await db.execute(sql`
    UPDATE operations SET handed_over = true, asked_by = NULL,
      data_key = coalesce(handed.data_key, operations.data_key),
      sealed_target = coalesce(handed.sealed_target, operations.sealed_target)
    FROM jsonb_to_recordset(${JSON.stringify(recordset)}::jsonb)
      AS handed(key text, attempt int, data_key text, sealed_target text)
    WHERE operations.key = handed.key AND operations.attempt = handed.attempt AND operations.state = 'open'
      AND operations.lease_until > now()
    RETURNING operations.key
  `);
  const owned = new Set(keySchema.parse(rows).map(({ key }) => key));
  return attempts.map(({ key }) => owned.has(key));
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

/** A use of a shared room begins before the provider is called, so it stands also when the call had no effect. */
const hasRoomUse = sql`EXISTS (
  SELECT FROM ${sessionRoomUses} WHERE ${sessionRoomUses.key} = ${operations.key} AND NOT ${sessionRoomUses.hasEnded}
)`;

/** Matches the operations that have or may have an effect. */
export const isStanding = or(
  inArray(operations.state, ['completed', 'undoing']),
  and(eq(operations.state, 'open'), sql`NOT (${hasNoEffect})`),
  sql`${operations.surplus} <> '[]'::jsonb`,
  hasRoomUse,
);

/** Returns the operations of an audition whose effect was recorded, those that were undone included, oldest first. */
export const findRecorded = (db: Database, auditionId: MeetingOwner): Promise<readonly OperationRow[]> =>
  db
    .select(columns)
    .from(operations)
    .where(and(eq(operations.auditionId, auditionId), isNotNull(operations.providerId)))
    .orderBy(operations.startedAt, operations.key);

/** Returns the operations of an audition that have recorded what undoing them needs, those that were undone included. */
export const findTargeted = (db: Database, auditionId: MeetingOwner): Promise<readonly OperationRow[]> =>
  db
    .select(columns)
    .from(operations)
    .where(and(eq(operations.auditionId, auditionId), isNotNull(operations.sealedTarget)));

/** Returns the operations of an audition that have or may have an effect, oldest first. */
export const findStanding = (db: Database, auditionId: MeetingOwner): Promise<readonly OperationRow[]> =>
  db
    .select(columns)
    .from(operations)
    .where(and(eq(operations.auditionId, auditionId), isStanding))
    .orderBy(operations.startedAt, operations.key);
