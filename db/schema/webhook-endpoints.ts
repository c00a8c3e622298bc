import { sql } from 'drizzle-orm';
import { bigserial, index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

export const endpointStatuses = ['enabled', 'disabled'] as const;

/** Where an organization wants to be told of its auditions. Secrets are sealed under the endpoint's own data key. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    id: text().primaryKey(),
    organization: text().notNull(),
    url: text().notNull(),
    /** Empty: all of them. */
    eventTypes: text('event_types').array().notNull().default(sql`'{}'`),
    status: text({ enum: endpointStatuses }).notNull().default('enabled'),
    disabledReason: text('disabled_reason'),
    disabledAt: instant('disabled_at'),
    sealedSecret: text('sealed_secret').notNull(),
    /** Signs beside the new one until `previousUntil`. */
    sealedPreviousSecret: text('sealed_previous_secret'),
    previousUntil: instant('previous_until'),
    /** Since when every attempt has failed; null while it works. */
    failingSince: instant('failing_since'),
    lastSuccessAt: instant('last_success_at'),
    lastFailureAt: instant('last_failure_at'),
    /** Of the last attempt: a status, or why there was none. */
    lastAnswer: text('last_answer'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('webhook_endpoints_by_organization').on(table.organization)],
);

/** How far each endpoint has been told of each audition: its events go out in their order. */
export const endpointProgress = pgTable(
  'endpoint_progress',
  {
    endpoint: text().notNull(),
    auditionId: text('audition_id').notNull(),
    /** The trail's sequence up to which everything was delivered. */
    deliveredThrough: integer('delivered_through').notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.endpoint, table.auditionId] })],
);

/**
 * What the relay has to see to, each row taken away once that is done:
 * - an audition has something new to tell, written with the trail in one statement;
 * - with an endpoint: this one is to be tried anew at once;
 * - with an endpoint and no audition: look for all auditions that the endpoint is behind with.
 */
export const outbox = pgTable(
  'outbox',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    organization: text().notNull(),
    endpoint: text(),
    auditionId: text('audition_id'),
    /** Of the last event that is to be told. */
    sequence: integer().notNull(),
    attempts: integer().notNull().default(0),
    nextAttemptAt: instant('next_attempt_at').notNull().default(sql`now()`),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('outbox_due').on(table.nextAttemptAt)],
);
