import { integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** Requests with an `Idempotency-Key`, and their responses. */
export const idempotentRequests = pgTable(
  'idempotent_requests',
  {
    organization: text().notNull(),
    key: text().notNull(),
    requestHash: text('request_hash').notNull(),
    /** HTTP status of the response. Null until the request has been answered; 202 while its result is unknown. */
    status: integer(),
    body: jsonb(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.organization, table.key] })],
);
