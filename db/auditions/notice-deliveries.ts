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

/** Which notice a provider's delivery id belongs to, so that a status callback finds its audition. */
export interface NoticeDeliveries {
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

/** A delivery id is written once; put again, it keeps what it had. */
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
