import { and, eq, gt, inArray, ne, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Slot } from '../../domain/audition/slot.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { isPostgresError } from '../errors.ts';
import { slotHolds } from '../schema/slot-holds.ts';
import { instantFromDatabase } from '../time.ts';

export interface SlotHolds {
  /**
   * Holds the slot for all resources, or for none when a resource is taken. Idempotent by audition and revision. Holds
   * of earlier revisions of the same audition do not conflict.
   * @param input `until` is the time at which the hold expires when it is not confirmed.
   */
  hold(input: {
    readonly organization: OrganizationId;
    readonly auditionId: AuditionId;
    readonly revision: number;
    readonly slot: Slot;
    readonly resources: readonly string[];
    readonly until: Instant;
  }): Promise<{ readonly kind: 'held' } | { readonly kind: 'taken'; readonly resources: readonly string[] }>;
  /**
   * Confirms the hold, so that it does not expire. Returns false when the hold no longer exists: it had expired, and a
   * hold of another audition replaced it. Idempotent.
   */
  confirm(auditionId: AuditionId, revision: number): Promise<boolean>;
  /** Releases the holds of all revisions but `except`. Idempotent. */
  release(auditionId: AuditionId, except?: number): Promise<void>;
  /** Returns the busy times of the resources in the window, for the ranking of free slots. */
  listBusy(
    organization: OrganizationId,
    resources: readonly string[],
    window: { readonly from: Instant; readonly until: Instant },
  ): Promise<readonly { readonly resource: string; readonly start: Instant; readonly end: Instant }[]>;
}

interface HoldRequest {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly revision: number;
  readonly slot: Slot;
  readonly resources: readonly string[];
  readonly until: string;
}

/** A conflicting hold can end before `findConflictingResources` reads it. Then the insert is tried again. */
const maxAttempts = 5;

/**
 * Creates the repository of slot holds. The exclusion constraint of the table decides conflicts. This code inserts and
 * reads the result.
 */
export const createSlotHolds = (db: Database): SlotHolds => ({
  async hold(claim) {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      if (await tryInsert(db, claim)) return { kind: 'held' };
      const resources = await findConflictingResources(db, claim);
      if (resources.length > 0) return { kind: 'taken', resources };
    }
    return { kind: 'taken', resources: claim.resources };
  },

  async confirm(auditionId, revision) {
    const confirmed = await db
      .update(slotHolds)
      .set({ confirmed: true })
      .where(and(eq(slotHolds.auditionId, auditionId), eq(slotHolds.revision, revision)))
      .returning({ resource: slotHolds.resource });
    return confirmed.length > 0;
  },

  async release(auditionId, except) {
    const others = except === undefined ? undefined : ne(slotHolds.revision, except);
    await db.delete(slotHolds).where(and(eq(slotHolds.auditionId, auditionId), others));
  },

  async listBusy(organization, resources, { from, until }) {
    if (resources.length === 0) return [];
    const rows = await db
      .select({
        resource: slotHolds.resource,
        start: sql<unknown>`lower(${slotHolds.during})`,
        end: sql<unknown>`upper(${slotHolds.during})`,
      })
      .from(slotHolds)
      .where(and(overlapping(organization, resources, from, until), isActive))
      .orderBy(sql`lower(${slotHolds.during})`, slotHolds.resource);
    return rows.map((row) => busySchema.parse(row));
  },
});

const busySchema = z.object({ resource: z.string(), start: instantFromDatabase, end: instantFromDatabase });

const isActive = or(eq(slotHolds.confirmed, true), gt(slotHolds.expiresAt, sql`now()`));

const range = (from: string, until: string) =>
  sql`tstzrange(${from}::timestamptz, ${until}::timestamptz, '[)')`;

const overlapping = (
  organization: OrganizationId,
  resources: readonly string[],
  from: string,
  until: string,
) =>
  and(
    eq(slotHolds.organization, organization),
    inArray(slotHolds.resource, [...resources]),
    sql`${slotHolds.during} && ${range(from, until)}`,
  );

/**
 * Deletes expired conflicting holds, each with all its resources, and inserts the new hold, in one statement. Returns
 * false when a resource is taken; then nothing is inserted. Concurrent claims queue up on advisory locks, which are
 * taken in a fixed order. The constraint alone would be equally safe. But two simultaneous inserts would deadlock, and
 * PostgreSQL detects a deadlock only after a second.
 */
const tryInsert = async (db: Database, claim: HoldRequest): Promise<boolean> => {
  const { organization, auditionId, revision, slot, until } = claim;
  const resources = sql`${sql.param([...claim.resources])}::text[]`;
  const during = range(slot.start, slot.end);
  try {
    await db.execute(sql`
      WITH places AS MATERIALIZED (
        SELECT DISTINCT hashtextextended(${organization} || ' ' || resource, 0) AS place
        FROM unnest(${resources}) AS resource ORDER BY place
      ), queued AS MATERIALIZED (
        SELECT count(pg_advisory_xact_lock(place)) AS locks FROM places
      ), expired AS (
        DELETE FROM slot_holds AS gone
        WHERE NOT gone.confirmed AND gone.expires_at <= now()
          AND (gone.audition_id, gone.revision) IN (
            SELECT hold.audition_id, hold.revision FROM slot_holds AS hold
            WHERE hold.organization = ${organization} AND hold.resource = ANY(${resources})
              AND hold.during && ${during} AND hold.audition_id <> ${auditionId}
          )
        RETURNING 1
      )
      INSERT INTO slot_holds AS mine (audition_id, revision, resource, organization, during, expires_at)
      SELECT DISTINCT ${auditionId}, ${revision}::int, resource, ${organization}, ${during}, ${until}::timestamptz
      FROM queued CROSS JOIN unnest(${resources}) AS resource
      WHERE queued.locks >= 0 AND (SELECT count(*) FROM expired) >= 0
      ON CONFLICT (audition_id, revision, resource)
        DO UPDATE SET during = excluded.during, expires_at = excluded.expires_at
    `);
    return true;
  } catch (error) {
    if (isPostgresError(error, 'exclusion_violation')) return false;
    throw error;
  }
};

const findConflictingResources = async (db: Database, claim: HoldRequest): Promise<readonly string[]> => {
  const rows = await db
    .selectDistinct({ resource: slotHolds.resource })
    .from(slotHolds)
    .where(
      and(
        overlapping(claim.organization, claim.resources, claim.slot.start, claim.slot.end),
        ne(slotHolds.auditionId, claim.auditionId),
        isActive,
      ),
    )
    .orderBy(slotHolds.resource);
  return rows.map(({ resource }) => resource);
};
