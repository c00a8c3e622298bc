import { sql } from 'drizzle-orm';
import { index, integer, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

export const inboxStates = ['received', 'delivered', 'parked'] as const;

/** Received webhooks of vendors: stored before the response, delivered at least once, applied once. */
export const webhookInbox = pgTable(
  'webhook_inbox',
  {
    id: text().primaryKey(),
    provider: text().notNull(),
    /** The vendor's id of the webhook. Two webhooks with the same key are duplicates. */
    dedupeKey: text('dedupe_key').notNull(),
    /** The kind of event: `message.status`, `meeting.started`, `calendar.changed`. */
    kind: text().notNull(),
    /**
     * The normalized event, sealed under the data key `inbox:<hour>`, bound to this row. Under a key of its own once it is parked.
     * Empty after the delivery, when it was deleted.
     */
    sealedEvent: text('sealed_event').notNull(),
    dataKey: text('data_key').notNull(),
    correlationId: text('correlation_id').notNull(),
    state: text({ enum: inboxStates }).notNull().default('received'),
    /** The reason for parking, as a code: `no_such_meeting`, `audition_ended`. */
    reason: text(),
    attempts: integer().notNull().default(0),
    duplicates: integer().notNull().default(0),
    /** Time of the next attempt, moved forward by each claim. By the database's clock. */
    nextAttemptAt: instant('next_attempt_at').notNull().default(sql`now()`),
    receivedAt: timestamp('received_at', { withTimezone: true }).notNull().defaultNow(),
    settledAt: instant('settled_at'),
  },
  (table) => [
    uniqueIndex('webhook_inbox_once').on(table.provider, table.dedupeKey),
    index('webhook_inbox_due').on(table.nextAttemptAt).where(sql`state = 'received'`),
    index('webhook_inbox_by_data_key').on(table.dataKey),
    index('webhook_inbox_by_state').on(table.state, table.receivedAt),
  ],
);
