import { sql } from 'drizzle-orm';
import { bigserial, index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

export const endpointStatuses = ['enabled', 'disabled'] as const;

/** Webhook endpoints of the organizations. Secrets are sealed under the endpoint's own data key. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    id: text().primaryKey(),
    organization: text().notNull(),
    url: text().notNull(),
    /** Empty means all event types. */
    eventTypes: text('event_types').array().notNull().default(sql`'{}'`),
    status: text({ enum: endpointStatuses }).notNull().default('enabled'),
    disabledReason: text('disabled_reason'),
    disabledAt: instant('disabled_at'),
    sealedSecret: text('sealed_secret').notNull(),
    /** Signs in addition to the new secret until `previousUntil`. */
    sealedPreviousSecret: text('sealed_previous_secret'),
    previousUntil: instant('previous_until'),
    /** Since when every delivery attempt has failed; null after a success. */
    failingSince: instant('failing_since'),
    lastSuccessAt: instant('last_success_at'),
    lastFailureAt: instant('last_failure_at'),
    /** Result of the last attempt: an HTTP status, or the reason why there was no response. */
    lastAnswer: text('last_answer'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('webhook_endpoints_by_organization').on(table.organization)],
);

/** Delivery progress of each endpoint for each audition. The events of an audition are delivered in order. */
export const endpointProgress = pgTable(
  'endpoint_progress',
  {
    endpoint: text().notNull(),
    auditionId: text('audition_id').notNull(),
    /** Sequence in the trail up to which every event was delivered. */
    deliveredThrough: integer('delivered_through').notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.endpoint, table.auditionId] })],
);

/**
 * Work for the relay. A row is deleted when its work is done. Kinds of rows:
 * - audition without endpoint: the audition has new events; written in the statement that appends to the trail;
 * - audition and endpoint: retry the delivery to this endpoint immediately;
 * - endpoint without audition: find all auditions of which the endpoint lacks events.
 */
export const outbox = pgTable(
  'outbox',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    organization: text().notNull(),
    endpoint: text(),
    auditionId: text('audition_id'),
    /** Sequence of the last event to deliver. */
    sequence: integer().notNull(),
    attempts: integer().notNull().default(0),
    nextAttemptAt: instant('next_attempt_at').notNull().default(sql`now()`),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('outbox_due').on(table.nextAttemptAt),
    index('outbox_by_audition').on(table.auditionId),
    index('outbox_by_endpoint').on(table.endpoint),
  ],
);
