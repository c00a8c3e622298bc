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

/** A delivery to start: an audition, and an endpoint that lacks some of its events. */
export interface DueDelivery {
  readonly organization: OrganizationId;
  readonly endpoint: EndpointId;
  readonly auditionId: AuditionId;
  /** Sequence of the last event to deliver. */
  readonly through: number;
  readonly correlationId: string;
  /** A delivery that began before this time is retried immediately instead of after its delay. */
  readonly retryFrom: Instant | undefined;
}

interface ClaimedRow {
  readonly id: number;
  readonly auditionId: AuditionId;
}

interface ClaimedOutbox {
  /** Number of claimed rows. 0 means that no row is due. */
  readonly claimed: number;
  /** Rows to acknowledge after the deliveries of their audition have been started. */
  readonly rows: readonly ClaimedRow[];
  readonly deliveries: readonly DueDelivery[];
}

export interface Outbox {
  /**
   * Claims due rows and returns the deliveries to start. No other process can claim them before the lease expires.
   * @param leaseMs duration of the lease, in milliseconds.
   */
  claim(limit: number, leaseMs: number): Promise<ClaimedOutbox>;
  /** Deletes rows whose deliveries have been started. Idempotent. */
  acknowledge(rows: readonly number[]): Promise<void>;
  /** Makes rows due again after `delayMs`. */
  retryLater(rows: readonly number[], delayMs: number): Promise<void>;
}

/** Channel of `NOTIFY` that wakes the outbox relay. */
export const outboxChannel = 'outbox';

/**
 * Creates the outbox between the audit trail and the endpoints. The endpoints of a row are determined when it is
 * claimed: those that are enabled and have subscribed to at least one event that they lack. No delivery is started for
 * the others.
 */
export const createOutbox = (db: Database): Outbox => ({
  async claim(limit, leaseMs) {
    const rows = await claimRows(db, limit, leaseMs);
    const searches = rows.filter((row) => row.auditionId === null).map(({ id }) => id);
    if (searches.length > 0) await expandSearches(db, searches);
    const due = rows.flatMap(({ id, auditionId }) => (auditionId === null ? [] : [{ id, auditionId }]));
    const ids = due.map(({ id }) => id);
    return { claimed: rows.length, rows: due, deliveries: ids.length > 0 ? await deliveriesOf(db, ids) : [] };
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
    .object({ id: z.coerce.number(), audition_id: auditionIdSchema.nullable() })
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

/** Replaces each search row with one row per audition of which its endpoint lacks events. Atomic. */
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

/** An unknown fact type comes from a newer version. It counts as subscribed: a worker of that version delivers it. */
const isSubscribed = (eventTypes: readonly string[], fact: string): boolean => {
  const type = publicEventTypeOf(fact);
  return type === undefined || (type !== null && matchesEventType({ eventTypes }, type));
};
