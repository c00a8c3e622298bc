/** Releases holds, and lets them yield, in the transaction of the facts that say so. */
import { sql } from 'drizzle-orm';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';

export interface HoldChange {
  /**
   * Releases the holds of all claims up to `through`, except those of the claim `keep`. A late attempt of a released
   * claim can no longer acquire its slot.
   */
  readonly releaseHolds?: { readonly through: number; readonly keep?: number | undefined } | undefined;
  /** Whether another audition can take the claims so far. It cannot take later claims. */
  readonly yieldHolds?: boolean | undefined;
}

/**
 * Changes the holds of the audition. Idempotent. A late repetition changes nothing: what is released stays released,
 * and `number` orders the changes of `yieldHolds`.
 * @param number the number of the caller's last fact.
 */
export const changeHolds = async (
  transaction: Database,
  auditionId: AuditionId,
  number: number,
  { releaseHolds, yieldHolds }: HoldChange,
): Promise<void> => {
  const through = releaseHolds?.through ?? 0;
  const keep = releaseHolds?.keep ?? null;
  // A statement of its own: the deletion must see the holds of a claim that this lock has waited for.
  await transaction.execute(sql`
    INSERT INTO slot_fences AS fence (audition_id, released_through, kept, yield_number)
    VALUES (${auditionId}, ${through}, ${keep}, ${yieldHolds === undefined ? 0 : number})
    ON CONFLICT (audition_id) DO UPDATE SET
      released_through = greatest(fence.released_through, excluded.released_through),
      kept = ${keptByBoth},
      ${yieldHolds === undefined ? sql`` : yieldChange(yieldHolds)}
      updated_at = now()
  `);
  if (!releaseHolds) return;
  await transaction.execute(sql`
    DELETE FROM slot_holds
    WHERE audition_id = ${auditionId} AND claim <= ${through} AND claim IS DISTINCT FROM ${keep}::int
  `);
};

/** The claim that neither release has released, if there is one below the higher of them. */
const keptByBoth = sql`CASE
  WHEN excluded.released_through >= fence.released_through
    THEN CASE WHEN excluded.kept = fence.kept OR excluded.kept > fence.released_through THEN excluded.kept END
  ELSE CASE WHEN fence.kept = excluded.kept OR fence.kept > excluded.released_through THEN fence.kept END
END`;

const yieldChange = (yieldHolds: boolean) => sql`
  yielding_through = CASE
    WHEN excluded.yield_number < fence.yield_number THEN fence.yielding_through
    ${yieldHolds ? sql`ELSE fence.last_claim` : sql`ELSE 0`}
  END,
  yield_number = greatest(fence.yield_number, excluded.yield_number),`;
