/** Finds the messages of which their provider has reported nothing final: a report can be lost. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import type { Channel } from '../../domain/audition/request.ts';
import { auditionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { millisecondsInterval } from '../time.ts';

const silentMessageSchema = z.object({
  /** The provider's id of the message. */
  id: z.string(),
  organization: organizationIdSchema,
  audition: auditionIdSchema,
  participant: participantIdSchema,
  /** Milliseconds since it was sent, by the database's clock. */
  ageMs: z.coerce.number(),
});
export type SilentMessage = z.infer<typeof silentMessageSchema>;

export interface SilentMessages {
  /**
   * Returns messages of a channel that have this status, the oldest first, of auditions whose session is still to take place. Nothing
   * depends on the others.
   *
   * @param page `olderThanMs` and `youngerThanMs` limit the age, in milliseconds. `except` are the ids that are left out
   */
  list(page: {
    readonly channel: Channel;
    readonly status: DeliveryStatus;
    readonly olderThanMs: number;
    readonly youngerThanMs: number;
    readonly except: readonly string[];
    readonly limit: number;
  }): Promise<readonly SilentMessage[]>;
}

/** Creates the repository. */
export const createSilentMessages = (db: Database): SilentMessages => ({
  async list({ channel, status, olderThanMs, youngerThanMs, except, limit }) {
    // The states are constants, so that the planner uses the partial index of the auditions by start.
    const { rows } = await db.execute(sql`
      SELECT deliveries.id, deliveries.organization, deliveries.audition_id AS audition, deliveries.participant,
        extract(epoch FROM now() - deliveries.created_at) * 1000 AS "ageMs"
      FROM auditions JOIN deliveries ON deliveries.audition_id = auditions.id
      WHERE auditions.state IN ('scheduled', 'confirmed', 'in_progress')
        AND deliveries.channel = ${channel} AND deliveries.status = ${status}
        AND deliveries.created_at <= now() - ${millisecondsInterval(olderThanMs)}
        AND deliveries.created_at > now() - ${millisecondsInterval(youngerThanMs)}
        AND deliveries.id NOT IN (SELECT jsonb_array_elements_text(${JSON.stringify(except)}::jsonb))
      ORDER BY deliveries.created_at, deliveries.id
      LIMIT ${limit}
    `);
    return z.array(silentMessageSchema).parse(rows);
  },
});
