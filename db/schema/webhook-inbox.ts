import { sql } from 'drizzle-orm';
import { index, integer, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

export const inboxStates = ['received', 'delivered', 'parked'] as const;

/** What vendors told us: stored before it is answered, told to whom it concerns at least once, applied once. */
export const webhookInbox = pgTable(
  'webhook_inbox',
  {
    id: text().primaryKey(),
    /** In the order of arrival. */
    provider: text().notNull(),
    /** What makes two deliveries the same one, in the vendor's terms. */
    dedupeKey: text('dedupe_key').notNull(),
    /** Our name of what happened: `message.status`, `meeting.started`, `calendar.changed`. */
    kind: text().notNull(),
    /** The event in our words, sealed under the data key `inbox:<month>`, bound to this row. */
    sealedEvent: text('sealed_event').notNull(),
    dataKey: text('data_key').notNull(),
    correlationId: text('correlation_id').notNull(),
    state: text({ enum: inboxStates }).notNull().default('received'),
    /** Why it is parked, as a code: `no_such_meeting`, `audition_ended`. */
    reason: text(),
    attempts: integer().notNull().default(0),
    duplicates: integer().notNull().default(0),
    /** When it is tried next; moved ahead by whoever claims it. By the database's clock. */
    nextAttemptAt: instant('next_attempt_at').notNull().default(sql`now()`),
    receivedAt: timestamp('received_at', { withTimezone: true }).notNull().defaultNow(),
    settledAt: instant('settled_at'),
  },
  (table) => [
    uniqueIndex('webhook_inbox_once').on(table.provider, table.dedupeKey),
    index('webhook_inbox_due').on(table.nextAttemptAt).where(sql`state = 'received'`),
    index('webhook_inbox_by_state').on(table.state, table.receivedAt),
  ],
);
