import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { auditionIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import type { EndpointProgress } from '../platform-contract.ts';
import { auditEvents } from '../schema/audit-events.ts';
import { endpointProgress } from '../schema/webhook-endpoints.ts';
import { storedEventSchema } from '../trail/stored-events.ts';

/** A success is noted on the endpoint's row this often at most: many auditions are told side by side. */
const notedEvery = sql`interval '10 seconds'`;

const countSchema = z.object({ advanced: z.int() });
const nextSchema = z.array(z.object({ id: auditionIdSchema }));

export const createEndpointProgress = (db: Database): EndpointProgress => ({
  async deliveredThrough(endpoint, audition) {
    const [row] = await db
      .select({ through: endpointProgress.deliveredThrough })
      .from(endpointProgress)
      .where(and(eq(endpointProgress.endpoint, endpoint), eq(endpointProgress.auditionId, audition)));
    return row?.through ?? 0;
  },

  async advance({ endpoint, audition, from, to, answer }) {
    const { rows } = await db.execute(sql`
      WITH advanced AS (
        INSERT INTO endpoint_progress (endpoint, audition_id, delivered_through)
        SELECT id, ${audition}, ${to}::int FROM webhook_endpoints WHERE id = ${endpoint}
        ON CONFLICT (endpoint, audition_id) DO UPDATE
          SET delivered_through = excluded.delivered_through, updated_at = now()
          WHERE endpoint_progress.delivered_through = ${from}
        RETURNING endpoint
      ), works AS (
        UPDATE webhook_endpoints SET failing_since = NULL, last_success_at = now(), last_answer = ${answer}
        WHERE id = ${endpoint}
          AND (failing_since IS NOT NULL OR last_success_at IS NULL OR last_success_at < now() - ${notedEvery})
      )
      SELECT count(*)::int AS advanced FROM advanced
    `);
    return countSchema.parse(rows[0]).advanced === 1;
  },

  async trail(organization, audition) {
    const rows = await db
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.organization, organization), eq(auditEvents.auditionId, audition)))
      .orderBy(asc(auditEvents.sequence));
    return rows.map((row) => storedEventSchema.parse(row));
  },

  async nextAudition(organization, { from, until, after }) {
    const { rows } = await db.execute(sql`
      SELECT audition.id FROM auditions audition
      WHERE audition.organization = ${organization} AND audition.requested_at < ${until}
        AND audition.id > ${after ?? ''}
        AND EXISTS (
          SELECT FROM audit_events event
          WHERE event.audition_id = audition.id AND event.at >= ${from} AND event.at < ${until}
        )
      ORDER BY audition.id LIMIT 1
    `);
    return nextSchema.parse(rows)[0]?.id;
  },
});
