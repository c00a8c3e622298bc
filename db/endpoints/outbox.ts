import { inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type AuditionId,
  auditionIdSchema,
  type EndpointId,
  endpointIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { matchesEventType } from '../../domain/platform-events/event-subscription.ts';
import { publicEventTypeOf } from '../../domain/platform-events/public-event-types.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { outbox } from '../schema/webhook-endpoints.ts';
import { instantFromDatabase, millisecondsInterval } from '../time.ts';

/** One audition, one endpoint that is behind with it. */
export interface DueDelivery {
  readonly organization: OrganizationId;
  readonly endpoint: EndpointId;
  readonly auditionId: AuditionId;
  /** The last event that is known to be wanted. */
  readonly through: number;
  readonly correlationId: string;
  /** Attempts that began before are begun anew, instead of waiting out their delay. */
  readonly retryFrom: Instant | undefined;
}

interface ClaimedOutbox {
  /** How many were due: none, when there is nothing more to do for now. */
  readonly claimed: number;
  /** Those that are to be settled once everything that follows from them is done. */
  readonly rows: readonly number[];
  readonly deliveries: readonly DueDelivery[];
}

export interface Outbox {
  /** Rows that are due, and what follows from them. Nobody else gets them before the lease has run out. */
  claim(limit: number, leaseMs: number): Promise<ClaimedOutbox>;
  acknowledge(rows: readonly number[]): Promise<void>;
  retryLater(rows: readonly number[], delayMs: number): Promise<void>;
}

/** What the relay listens to. */
export const outboxChannel = 'outbox';

/**
 * The way from the trail to the endpoints. Which endpoints a row concerns is asked when it is claimed: those that are
 * enabled, behind, and want at least one of the events they are behind with. For the others nothing is started.
 */
export const createOutbox = (db: Database): Outbox => ({
  async claim(limit, leaseMs) {
    const rows = await claimRows(db, limit, leaseMs);
    const searches = rows.filter((row) => row.auditionId === null).map(({ id }) => id);
    if (searches.length > 0) await expandSearches(db, searches);
    const ids = rows.filter((row) => row.auditionId !== null).map(({ id }) => id);
    return { claimed: rows.length, rows: ids, deliveries: ids.length > 0 ? await deliveriesOf(db, ids) : [] };
  },

  async acknowledge(rows) {
    if (rows.length > 0) await db.delete(outbox).where(inArray(outbox.id, [...rows]));
  },

  async retryLater(rows, delayMs) {
    if (rows.length === 0) return;
    await db
      .update(outbox)
      .set({ nextAttemptAt: sql`now() + ${millisecondsInterval(Math.round(delayMs))}` })
      .where(inArray(outbox.id, [...rows]));
  },
});

const claimedSchema = z.array(
  z
    .object({ id: z.coerce.number(), audition_id: z.string().nullable() })
    .transform(({ id, audition_id }) => ({ id, auditionId: audition_id })),
);

const claimRows = async (db: Database, limit: number, leaseMs: number) => {
  const { rows } = await db.execute(sql`
    UPDATE outbox SET
      attempts = attempts + 1,
      next_attempt_at = now() + ${millisecondsInterval(leaseMs)}
    WHERE id IN (
      SELECT id FROM outbox WHERE next_attempt_at <= now()
      ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    )
    RETURNING id, audition_id
  `);
  return claimedSchema.parse(rows);
};

/** Each search becomes a row for each audition that its endpoint is behind with. All of it, or nothing. */
const expandSearches = async (db: Database, searches: readonly number[]): Promise<void> => {
  await db.execute(sql`
    WITH search AS (
      DELETE FROM outbox WHERE id = ANY(${sql.param([...searches])}::bigint[]) RETURNING *
    ), found AS (
      INSERT INTO outbox (organization, endpoint, audition_id, sequence, created_at)
      SELECT search.organization, endpoint.id, audition.id, audition.sequence, search.created_at
      FROM search
      JOIN webhook_endpoints endpoint ON endpoint.id = search.endpoint AND endpoint.status = 'enabled'
      JOIN auditions audition ON audition.organization = search.organization
      JOIN audit_events last ON last.audition_id = audition.id AND last.sequence = audition.sequence
      LEFT JOIN endpoint_progress progress
        ON progress.endpoint = endpoint.id AND progress.audition_id = audition.id
      WHERE last.at >= date_trunc('milliseconds', endpoint.created_at)
        AND coalesce(progress.delivered_through, 0) < audition.sequence
      RETURNING id
    )
    SELECT pg_notify(${outboxChannel}, '') FROM found LIMIT 1
  `);
};

const dueSchema = z.array(
  z.object({
    organization: organizationIdSchema,
    endpoint: endpointIdSchema,
    auditionId: auditionIdSchema,
    through: z.int(),
    correlationId: z.string(),
    retryFrom: instantFromDatabase.nullable().transform((at) => at ?? undefined),
    eventTypes: z.array(z.string()),
    facts: z.array(z.string()).nullable(),
  }),
);

const deliveriesOf = async (db: Database, ids: readonly number[]): Promise<readonly DueDelivery[]> => {
  const { rows } = await db.execute(sql`
    SELECT
      due.organization, due.audition_id AS "auditionId", due.through, due.retry_from AS "retryFrom",
      endpoint.id AS endpoint, endpoint.event_types AS "eventTypes",
      last.correlation_id AS "correlationId",
      (SELECT array_agg(DISTINCT event.type) FROM audit_events event
       WHERE event.audition_id = due.audition_id
         AND event.sequence > coalesce(progress.delivered_through, 0) AND event.sequence <= due.through
         AND event.at >= date_trunc('milliseconds', endpoint.created_at)) AS facts
    FROM (
      SELECT organization, endpoint, audition_id, max(sequence) AS through,
        CASE WHEN endpoint IS NOT NULL THEN max(created_at) END AS retry_from
      FROM outbox WHERE id = ANY(${sql.param([...ids])}::bigint[])
      GROUP BY organization, endpoint, audition_id
    ) due
    JOIN webhook_endpoints endpoint ON endpoint.organization = due.organization
      AND endpoint.status = 'enabled' AND (due.endpoint IS NULL OR due.endpoint = endpoint.id)
    JOIN audit_events last ON last.audition_id = due.audition_id AND last.sequence = due.through
    LEFT JOIN endpoint_progress progress
      ON progress.endpoint = endpoint.id AND progress.audition_id = due.audition_id
    WHERE coalesce(progress.delivered_through, 0) < due.through
  `);
  return dueSchema
    .parse(rows)
    .flatMap(({ facts, eventTypes, ...due }) =>
      (facts ?? []).some((fact) => isSubscribed(eventTypes, fact)) ? [due] : [],
    );
};

/** A fact of a newer version of ours is told by a worker of that version: here nobody can say what it is. */
const isSubscribed = (eventTypes: readonly string[], fact: string): boolean => {
  const type = publicEventTypeOf(fact);
  return type === undefined || (type !== null && matchesEventType({ eventTypes }, type));
};
