import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/**
 * The audit trail. Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE. The hash of each row covers the row and
 * the previous hash. This makes a changed or missing row detectable.
 */
export const auditEvents = pgTable(
  'audit_events',
  {
    auditionId: text('audition_id').notNull(),
    sequence: integer().notNull(),
    organization: text().notNull(),
    at: instant().notNull(),
    type: text().notNull(),
    correlationId: text('correlation_id').notNull(),
    fact: jsonb().notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.auditionId, table.sequence] })],
);
