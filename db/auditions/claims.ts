/** Acquires the slot of a claim, in a transaction of the caller. */
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { slotHolds } from '../schema/slot-holds.ts';
import {
  conflicting,
  endOf,
  noGaps,
  rangeOf,
  rangeSchema,
  type SlotNeeds,
  startOf,
  storedResources,
} from './resources.ts';
import type { StoredNames } from './stored-names.ts';

export interface SlotClaim extends SlotNeeds {
  /** Numbers the claims of the audition, from 1. */
  readonly claim: number;
  readonly slot: TimeRange;
}

/** The audition has released the claim. A late attempt must not acquire it. */
export class ClaimReleased extends Error {
  override readonly name = 'ClaimReleased';
}

/** Another audition holds a resource at that time, or too close to it. */
export class SlotTaken extends Error {
  override readonly name = 'SlotTaken';
}

/**
 * Holds the slot for all resources and returns it. Returns the slot of an earlier attempt when that attempt has
 * acquired the claim.
 * @param yielding auditions that yield. Their holds that conflict with the claim are deleted, each claim with all its
 *   resources.
 * @throws {ClaimReleased} when the audition has released the claim.
 * @throws {SlotTaken} when a resource is taken, or the exclusion violation of PostgreSQL.
 */
export const acquire = async (
  transaction: Database,
  names: StoredNames,
  auditionId: AuditionId,
  claim: SlotClaim,
  yielding: readonly string[],
): Promise<TimeRange> => {
  const { slot, gaps: { buffer, travel, place } = noGaps } = claim;
  const resources = [...storedResources(names, claim.resources).keys()];
  await lockPlacesAndFence(transaction, auditionId, claim, resources);
  if (yielding.length > 0) await takeFrom(transaction, names, claim, yielding);
  const { rowCount } = await transaction.execute(sql`
    INSERT INTO slot_holds (audition_id, claim, resource, organization, during, place, buffer_ms, travel_ms)
    SELECT ${auditionId}, ${claim.claim}::int, needed, ${claim.organization}, ${rangeOf(slot)},
      ${names.place(place)}::text, ${buffer}::int, ${travel}::int
    FROM unnest(${sql.param(resources)}::text[]) AS needed
    WHERE NOT EXISTS (SELECT FROM slot_holds WHERE audition_id = ${auditionId} AND claim = ${claim.claim}::int)
      AND NOT EXISTS (SELECT FROM slot_holds WHERE audition_id <> ${auditionId} AND ${conflicting(names, claim, slot)})
  `);
  if ((rowCount ?? 0) > 0 || resources.length === 0) return slot;
  const earlier = await slotOf(transaction, auditionId, claim.claim);
  if (earlier) return earlier;
  throw new SlotTaken(`a resource of ${auditionId} is taken`);
};

const fenceSchema = z.object({ released_through: z.int(), kept: z.int().nullable() });

/**
 * Queues concurrent claims up on advisory locks, which are taken in a fixed order, and locks the fence of the audition.
 * The constraint alone would be equally safe. But two simultaneous inserts would deadlock, and PostgreSQL detects a
 * deadlock only after a second.
 */
const lockPlacesAndFence = async (
  transaction: Database,
  auditionId: AuditionId,
  { organization, claim }: SlotClaim,
  resources: readonly string[],
): Promise<void> => {
  const { rows } = await transaction.execute(sql`
    WITH places AS MATERIALIZED (
      SELECT DISTINCT hashtextextended(
        CASE WHEN starts_with(resource, 'calendar:') THEN '' ELSE ${organization} END || ' ' || resource, 0) AS place
      FROM unnest(${sql.param([...resources])}::text[]) AS resource ORDER BY place
    ), queued AS MATERIALIZED (
      SELECT count(pg_advisory_xact_lock(place)) AS locks FROM places
    )
    INSERT INTO slot_fences (audition_id, last_claim)
    SELECT ${auditionId}, ${claim}::int FROM queued WHERE locks >= 0
    ON CONFLICT (audition_id) DO UPDATE SET
      last_claim = greatest(slot_fences.last_claim, excluded.last_claim), updated_at = now()
    RETURNING released_through, kept
  `);
  const { released_through, kept } = fenceSchema.parse(rows[0]);
  if (claim <= released_through && claim !== kept) {
    throw new ClaimReleased(`${auditionId} has released its claim ${claim}`);
  }
};

const takeFrom = async (
  transaction: Database,
  names: StoredNames,
  claim: SlotClaim,
  yielding: readonly string[],
): Promise<void> => {
  await transaction.execute(sql`
    WITH yielding AS MATERIALIZED (
      SELECT audition_id, yielding_through FROM slot_fences
      WHERE audition_id = ANY (${sql.param([...yielding])}::text[]) ORDER BY audition_id FOR UPDATE
    )
    DELETE FROM slot_holds AS taken USING yielding
    WHERE taken.audition_id = yielding.audition_id AND taken.claim <= yielding.yielding_through
      AND (taken.audition_id, taken.claim) IN (
      SELECT audition_id, claim FROM slot_holds WHERE ${conflicting(names, claim, claim.slot)}
    )
  `);
};

/** Returns the slot that the claim holds. */
export const slotOf = async (
  db: Database,
  auditionId: AuditionId,
  claim: number,
): Promise<TimeRange | undefined> => {
  const [row] = await db
    .select({ start: startOf, end: endOf })
    .from(slotHolds)
    .where(and(eq(slotHolds.auditionId, auditionId), eq(slotHolds.claim, claim)))
    .limit(1);
  return row && rangeSchema.parse(row);
};
