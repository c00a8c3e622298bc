import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { auditionIdSchema, organizationIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import type { Deliveries } from '../repositories.ts';
import { deliveries } from '../schema/deliveries.ts';

const deliverySchema = z.object({
  organization: organizationIdSchema,
  auditionId: auditionIdSchema,
  participant: z.string(),
  channel: z.string(),
});

/** A delivery id is written once; put again, it keeps what it had. */
export const createDeliveries = (db: Database): Deliveries => ({
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
