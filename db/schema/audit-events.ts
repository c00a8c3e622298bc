import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/**
 * The audit trail. Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE. Each row's hash covers the row and the
 * hash before it, so that a changed or missing row is found.
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
