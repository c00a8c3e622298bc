import { eq } from 'drizzle-orm';
import { z } from 'zod';
import {
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { deliveries } from '../schema/deliveries.ts';

/** Maps the delivery ids of providers to notices, so that a status callback finds its audition. */
export interface NoticeDeliveries {
  /** Stores a delivery. Idempotent: a delivery id that is already stored stays unchanged. */
  put(delivery: {
    readonly id: string;
    readonly organization: OrganizationId;
    readonly auditionId: AuditionId;
    readonly participant: string;
    readonly channel: string;
  }): Promise<void>;
  find(id: string): Promise<
    | {
        readonly organization: OrganizationId;
        readonly auditionId: AuditionId;
        readonly participant: string;
        readonly channel: string;
      }
    | undefined
  >;
}

const deliverySchema = z.object({
  organization: organizationIdSchema,
  auditionId: auditionIdSchema,
  participant: z.string(),
  channel: z.string(),
});

/** Creates the repository of notice deliveries. */
export const createNoticeDeliveries = (db: Database): NoticeDeliveries => ({
  async put({ id, organization, auditionId, participant, channel }) {
    await db
      .insert(deliveries)
      .values({ id, organization, auditionId, participant, channel })
      .onConflictDoNothing();
  },

  async find(id) {
    const [row] = await db.select().from(deliveries).where(eq(deliveries.id, id));
    return row && deliverySchema.parse(row);
  },
});
