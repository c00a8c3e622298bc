/** The email addresses to which an organization sends nothing. */
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { auditionIdSchema, type OrganizationId, participantIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { deliveries } from '../schema/deliveries.ts';
import { suppressions } from '../schema/suppressions.ts';
import { instantFromDatabase } from '../time.ts';
import type { AddressHashes } from './address-hashes.ts';

/** The participant names the address: the table has only its hash. */
const suppressionSchema = z.object({
  reason: z.string(),
  since: instantFromDatabase,
  /** Absent when the delivery is no longer stored. */
  auditionId: auditionIdSchema.nullable(),
  participant: participantIdSchema.nullable(),
});
type Suppression = z.infer<typeof suppressionSchema>;

export interface Suppressions {
  /** Returns the suppressions of an organization, newest first, with the participant whose message was reported. */
  list(organization: OrganizationId): Promise<readonly Suppression[]>;
  /** Lifts the suppression of an address. Returns false when the address is not suppressed. Idempotent. */
  lift(organization: OrganizationId, address: string): Promise<boolean>;
}

/**
 * Codes of `providers/smtp/webhooks.ts` after which nothing more is sent to the address. A transient bounce has the
 * status `deferred` and suppresses nothing.
 */
const suppressingCodes: ReadonlySet<string | undefined> = new Set(['bounced', 'complained', 'suppressed']);

/** Returns whether a failed delivery with this code suppresses the address of its recipient. */
export const isSuppressing = (code: string | undefined): boolean => suppressingCodes.has(code);

/** Creates the repository. `NoticeDeliveries.report` adds suppressions. */
export const createSuppressions = (db: Database, hashes: AddressHashes): Suppressions => ({
  async list(organization) {
    const rows = await db
      .select({
        reason: suppressions.reason,
        since: suppressions.createdAt,
        auditionId: deliveries.auditionId,
        participant: deliveries.participant,
      })
      .from(suppressions)
      .leftJoin(deliveries, eq(deliveries.id, suppressions.deliveryId))
      .where(eq(suppressions.organization, organization))
      .orderBy(desc(suppressions.createdAt));
    return rows.map((row) => suppressionSchema.parse(row));
  },

  async lift(organization, address) {
    const forms = await hashes.formsOf(organization, address);
    const { rowCount } = await db
      .delete(suppressions)
      .where(and(eq(suppressions.organization, organization), inArray(suppressions.address, [...forms])));
    return (rowCount ?? 0) > 0;
  },
});

/** Suppresses the address of a delivery. Does nothing when the address of the delivery is not known. */
export const suppressAddressOf = async (
  transaction: Database,
  { deliveryId, reason }: { readonly deliveryId: string; readonly reason: string },
): Promise<void> => {
  await transaction.execute(sql`
    INSERT INTO suppressions (organization, address, reason, delivery_id)
    SELECT organization, address, ${reason}, id FROM deliveries WHERE id = ${deliveryId} AND address IS NOT NULL
    ON CONFLICT (organization, address) DO UPDATE
      SET reason = excluded.reason, delivery_id = excluded.delivery_id, created_at = excluded.created_at
  `);
};
