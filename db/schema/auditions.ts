import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** Read model, folded from `audit_events`: the whole view, and beside it the columns that lists are filtered by. */
export const auditions = pgTable(
  'auditions',
  {
    id: text().primaryKey(),
    organization: text().notNull(),
    project: text().notNull(),
    role: text().notNull(),
    state: text().notNull(),
    needsAttention: boolean('needs_attention').notNull(),
    scheduledFor: instant('scheduled_for'),
    requestedAt: instant('requested_at').notNull(),
    /** The last event folded in. */
    sequence: integer().notNull(),
    view: jsonb().notNull(),
  },
  (table) => [
    index('auditions_by_request').on(table.organization, table.requestedAt.desc(), table.id.desc()),
    index('auditions_by_project').on(table.organization, table.project, table.role),
    index('auditions_by_schedule').on(table.organization, table.scheduledFor),
    index('auditions_needing_attention').on(table.organization).where(sql`${table.needsAttention}`),
  ],
);
