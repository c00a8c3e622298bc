import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/**
 * The audit trail. Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE. The hash of each row covers the row and
 * the previous hash. This makes a changed or missing row detectable. `number`, `key` and `run_id` are not part of the
 * hash: they say who appended the event, and prevent a second append. The code in `mac` covers them and the hash, under a
 * key that is not in the database. A constraint refuses new rows without one.
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
    /** Who has caused the event. Null for events of earlier versions. */
    principal: text(),
    fact: jsonb().notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text().notNull(),
    /** Counts the facts that the workflow records. Null for the facts of activities. */
    number: integer(),
    /** The idempotency key of the effect that the fact reports. Null for the facts of the workflow. */
    key: text(),
    /** The run of the workflow that appended the event. */
    runId: text('run_id'),
    /** The authentication code, `<key id>:<HMAC>`. Null for events of earlier versions. */
    mac: text(),
  },
  (table) => [
    primaryKey({ columns: [table.auditionId, table.sequence] }),
    uniqueIndex('audit_events_by_number').on(table.auditionId, table.number).where(sql`number IS NOT NULL`),
    // Find every audition that a person has ever taken part in.
    index('audit_events_by_participant')
      .using('gin', sql`(${table.fact} -> 'participants')`)
      .where(sql`type = 'requested'`),
    index('audit_events_by_added_participant')
      .on(sql`(${table.fact} -> 'participant' ->> 'id')`)
      .where(sql`type = 'participant_added'`),
    uniqueIndex('audit_events_by_key').on(table.auditionId, table.key).where(sql`key IS NOT NULL`),
  ],
);
