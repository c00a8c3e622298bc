/**
 * Compares what the tables say about auditions: read model, trail, ledger and holds. The reconciliation uses it. Every
 * list is one statement that uses primary keys, so a page costs the same wherever it begins.
 */
import { eq, inArray, notInArray, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionEvent } from '../../domain/audition/events.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { holdsEffect } from '../../domain/audition/unfinished-ending.ts';
import { type AuditionId, auditionIdSchema, organizationIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { isStanding } from '../ledger/rows.ts';
import { operations } from '../schema/operations.ts';
import { slotHolds } from '../schema/slot-holds.ts';
import { openEvents, selectTrail } from '../trail/stored-events.ts';
import type { TrailTexts } from '../trail/trail-texts.ts';
import { changeHolds } from './hold-changes.ts';
import { isOfEarlierFold } from './read-model-rows.ts';
import { rebuildAudition } from './rebuild.ts';
import { endOf, rangeSchema, startOf } from './resources.ts';

/** What the tables say about one audition. */
const recordSchema = z.object({
  auditionId: auditionIdSchema,
  organization: organizationIdSchema,
  /** Whether the read model lacks events of the trail. Of an open audition: or was folded by an earlier version. */
  isStale: z.boolean(),
  /** Whether the audition is closed in a way that can require an undo, and its holds or effects stand. */
  mayHaveEffectsLeft: z.boolean(),
});
export type AuditionRecord = z.infer<typeof recordSchema>;

interface RecordPage {
  /** The last audition of the page before. */
  readonly after?: AuditionId | undefined;
  readonly limit: number;
}

export interface AuditionRecords {
  /** Returns a page of the auditions that the read model shows as open, ordered by id. */
  listOpen(page: RecordPage): Promise<readonly AuditionRecord[]>;
  /** Returns a page of all auditions that have a trail, ordered by id. */
  listAll(page: RecordPage): Promise<readonly AuditionRecord[]>;
  /** Returns closed auditions that hold a slot and can require an undo, or hold another time than that of their slot. */
  listClosedWithHolds(limit: number): Promise<readonly AuditionRecord[]>;
  /** Returns closed auditions with open attention items. */
  listClosedWithItems(limit: number): Promise<readonly AuditionRecord[]>;
  /** Returns the ids under which slots are held, and which no audition has. */
  listOrphanedHolds(limit: number): Promise<readonly AuditionRecord[]>;
  /**
   * Returns whether the audition holds a slot, or the ledger knows a meeting or an event that is not undone.
   * @param kept what does not count: the keys of effects, or `holds`
   */
  hasEffects(auditionId: AuditionId, kept?: readonly string[]): Promise<boolean>;
  /** Returns whether the audition holds another time than that of its slot, as the read model shows it. */
  holdsOtherTimes(auditionId: AuditionId): Promise<boolean>;
  /** Returns the held slots, one for each resource. Calendars are stored as hashes. */
  listHolds(
    auditionId: AuditionId,
  ): Promise<readonly (TimeRange & { readonly claim: number; readonly resource: string })[]>;
  readTrail(auditionId: AuditionId): Promise<readonly AuditionEvent[]>;
  /** Folds the audition again if its view lacks events, or was folded by an earlier version. Returns whether it did. */
  rebuildStaleView(auditionId: AuditionId): Promise<boolean>;
  /** Releases the holds if no audition has the id. Returns whether there were any. */
  releaseOrphanedHolds(auditionId: AuditionId): Promise<boolean>;
}

/** The ledger's names of the effects that a closed audition must not leave behind. A message cannot be undone. */
const undoableOperations = ['meetings.create', 'calendar.putEvent'];

const trailEnd = sql`(SELECT max(sequence) FROM audit_events WHERE audit_events.audition_id = auditions.id)`;

const isStale = sql`coalesce(auditions.sequence < ${trailEnd}, false)`;

const hasHolds = (id: SQL): SQL => sql`EXISTS (SELECT FROM slot_holds WHERE audition_id = ${id})`;

const hasStandingOperations = (id: SQL, kept: readonly string[] = []): SQL => sql`EXISTS (
  SELECT FROM ${operations}
  WHERE ${operations.auditionId} = ${id} AND ${inArray(operations.operation, undoableOperations)} AND ${isStanding}
    AND ${notInArray(operations.key, [...kept])}
)`;

/**
 * Selects the closed auditions that can require an undo: those that ended without a decision, or before their slot
 * began. `unfinishedEnding` decides. Instants sort as text.
 */
const mayRequireUndo = sql`(auditions.state = 'closed' AND (
  auditions.view ->> 'outcome' IN ('cancelled', 'declined', 'failed')
  OR auditions.view ->> 'stateSince' < auditions.view -> 'slot' ->> 'start'
))`;

/** A change of the slot that the end of the audition has interrupted can leave the hold of the slot that it wanted. */
const hasOtherHolds = sql`EXISTS (
  SELECT FROM slot_holds WHERE audition_id = auditions.id AND (
    lower(during) IS DISTINCT FROM (auditions.view -> 'slot' ->> 'start')::timestamptz
    OR upper(during) IS DISTINCT FROM (auditions.view -> 'slot' ->> 'end')::timestamptz
  )
)`;

/** Creates the comparison of the tables. */
export const createAuditionRecords = (db: Database, texts: TrailTexts): AuditionRecords => {
  const select = async (query: SQL): Promise<readonly AuditionRecord[]> => {
    const { rows } = await db.execute(query);
    return rows.map((row) => recordSchema.parse(row));
  };
  return {
    listOpen: ({ after, limit }) =>
      select(sql`
        SELECT id AS "auditionId", organization, ${isStale} OR ${isOfEarlierFold} AS "isStale", false AS "mayHaveEffectsLeft"
        FROM auditions WHERE state <> 'closed' AND id > ${after ?? ''} ORDER BY id LIMIT ${limit}
      `),
    listAll: ({ after, limit }) =>
      select(sql`
        WITH page AS (
          SELECT audition_id, organization FROM audit_events
          WHERE audition_id > ${after ?? ''} AND sequence = 1 ORDER BY audition_id LIMIT ${limit}
        )
        SELECT page.audition_id AS "auditionId", page.organization,
          auditions.id IS NULL OR ${isStale} AS "isStale",
          coalesce(${mayRequireUndo}, false)
            AND (${hasHolds(sql`page.audition_id`)} OR ${hasStandingOperations(sql`page.audition_id`)})
            AS "mayHaveEffectsLeft"
        FROM page LEFT JOIN auditions ON auditions.id = page.audition_id ORDER BY page.audition_id
      `),
    listClosedWithHolds: (limit) =>
      select(sql`
        SELECT id AS "auditionId", organization, ${isStale} AS "isStale", true AS "mayHaveEffectsLeft"
        FROM auditions
        WHERE id IN (SELECT audition_id FROM slot_holds) AND state = 'closed'
          AND (${mayRequireUndo} OR ${hasOtherHolds})
        ORDER BY id LIMIT ${limit}
      `),
    listClosedWithItems: (limit) =>
      select(sql`
        SELECT id AS "auditionId", organization, ${isStale} AS "isStale", false AS "mayHaveEffectsLeft"
        FROM auditions WHERE needs_attention AND state = 'closed' ORDER BY id LIMIT ${limit}
      `),
    listOrphanedHolds: (limit) =>
      select(sql`
        SELECT DISTINCT audition_id AS "auditionId", organization, false AS "isStale", false AS "mayHaveEffectsLeft"
        FROM slot_holds WHERE ${hasNoAudition} ORDER BY audition_id LIMIT ${limit}
      `),
    async hasEffects(auditionId, kept = []) {
      const id = sql`${auditionId}`;
      const countsHolds = !kept.includes(holdsEffect);
      const { rows } = await db.execute(sql`
        SELECT (${countsHolds} AND ${hasHolds(id)}) OR ${hasStandingOperations(id, kept)} AS "hasEffects"
      `);
      return z.object({ hasEffects: z.boolean() }).parse(rows[0]).hasEffects;
    },
    async holdsOtherTimes(auditionId) {
      const { rows } = await db.execute(
        sql`SELECT FROM auditions WHERE id = ${auditionId} AND ${hasOtherHolds}`,
      );
      return rows.length > 0;
    },
    async listHolds(auditionId) {
      const rows = await db
        .select({ claim: slotHolds.claim, resource: slotHolds.resource, start: startOf, end: endOf })
        .from(slotHolds)
        .where(eq(slotHolds.auditionId, auditionId))
        .orderBy(slotHolds.claim, slotHolds.resource);
      return rows.map((row) => holdSchema.parse(row));
    },
    async readTrail(auditionId) {
      const rows = await selectTrail(db, auditionId);
      return openEvents(texts, rows);
    },
    rebuildStaleView: (auditionId) =>
      rebuildAudition(db, auditionId, async (transaction) => {
        const { rows } = await transaction.execute(sql`
          SELECT FROM audit_events LEFT JOIN auditions ON auditions.id = audition_id
          WHERE audition_id = ${auditionId}
            AND (audit_events.sequence > coalesce(auditions.sequence, 0) OR ${isOfEarlierFold}) LIMIT 1
        `);
        return rows.length > 0;
      }),
    releaseOrphanedHolds: (auditionId) =>
      db.transaction(async (transaction) => {
        // Locks the fence of the holds, so that one of two simultaneous calls releases them.
        await changeHolds(transaction, auditionId, 0, { releaseHolds: { through: 0 } });
        const { rows } = await transaction.execute(
          sql`SELECT max(claim) AS "last" FROM slot_holds WHERE audition_id = ${auditionId} AND ${hasNoAudition}`,
        );
        const { last } = lastClaimSchema.parse(rows[0]);
        if (last === null) return false;
        await changeHolds(transaction, auditionId, 0, { releaseHolds: { through: last } });
        return true;
      }),
  };
};

const holdSchema = rangeSchema.extend({ claim: z.int(), resource: z.string() });

const lastClaimSchema = z.object({ last: z.int().nullable() });

const hasNoAudition = sql`NOT EXISTS (SELECT FROM auditions WHERE auditions.id = slot_holds.audition_id)
  AND NOT EXISTS (SELECT FROM audit_events WHERE audit_events.audition_id = slot_holds.audition_id)`;
