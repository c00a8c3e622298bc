import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionEvent } from '../../domain/audition/events.ts';
import { type AuditionId, auditionIdSchema, type EndpointId, type OrganizationId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { auditEvents } from '../schema/audit-events.ts';
import { endpointProgress } from '../schema/webhook-endpoints.ts';
import { openEvents, selectTrail } from '../trail/stored-events.ts';
import type { TrailTexts } from '../trail/trail-texts.ts';

/** Stores which events of an audition were delivered to an endpoint. */
export interface EndpointProgress {
  /** Returns the sequence up to which all events of this audition were delivered; 0 when none was. */
  deliveredThrough(endpoint: EndpointId, audition: AuditionId): Promise<number>;
  /**
   * Records a delivery. Returns false when the stored progress is not `from`: another attempt has overtaken this one,
   * which must stop.
   */
  advance(delivered: {
    readonly endpoint: EndpointId;
    readonly audition: AuditionId;
    readonly from: number;
    readonly to: number;
    /** The response of the receiver, for example its HTTP status. */
    readonly answer: string;
  }): Promise<boolean>;
  /** Returns the trail of an audition; empty when the audition belongs to another organization. */
  readTrail(organization: OrganizationId, audition: AuditionId): Promise<readonly AuditionEvent[]>;
  /** Returns the next audition, ordered by id, that has an event in the time range. */
  nextAudition(
    organization: OrganizationId,
    range: { readonly from: Instant; readonly until: Instant; readonly after: AuditionId | undefined },
  ): Promise<AuditionId | undefined>;
}

/** Minimum interval between success updates of an endpoint's row, because many auditions are delivered in parallel. */
const successWriteInterval = sql`interval '10 seconds'`;

const countSchema = z.object({ advanced: z.int() });
const nextSchema = z.array(z.object({ id: auditionIdSchema }));

/** Creates the repository of delivery progress. */
export const createEndpointProgress = (db: Database, texts: TrailTexts): EndpointProgress => ({
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
          AND (failing_since IS NOT NULL OR last_success_at IS NULL OR last_success_at < now() - ${successWriteInterval})
      )
      SELECT count(*)::int AS advanced FROM advanced
    `);
    return countSchema.parse(rows[0]).advanced === 1;
  },

  async readTrail(organization, audition) {
    const rows = await selectTrail(db, audition, eq(auditEvents.organization, organization));
    return openEvents(texts, rows);
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
