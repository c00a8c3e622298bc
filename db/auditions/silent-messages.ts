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
   * Returns messages of a channel that have this status, the oldest first. Those of closed auditions are among them: a cancellation
   * that did not arrive matters to the person.
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
    const { rows } = await db.execute(sql`
      SELECT id, organization, audition_id AS audition, participant,
        extract(epoch FROM now() - created_at) * 1000 AS "ageMs"
      FROM deliveries
      WHERE channel = ${channel} AND status = ${status}
        AND created_at <= now() - ${millisecondsInterval(olderThanMs)}
        AND created_at > now() - ${millisecondsInterval(youngerThanMs)}
        AND id NOT IN (SELECT jsonb_array_elements_text(${JSON.stringify(except)}::jsonb))
      ORDER BY created_at, id
      LIMIT ${limit}
    `);
    return z.array(silentMessageSchema).parse(rows);
  },
});
