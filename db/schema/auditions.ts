import { sql } from 'drizzle-orm';
import { boolean, type ExtraConfigColumn, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/**
 * The order of the lists. `desc()` alone means NULLS LAST in an index and NULLS FIRST in a query, and PostgreSQL does not
 * read an index in another order.
 */
const newestFirst = ({ requestedAt, id }: Readonly<Record<'requestedAt' | 'id', ExtraConfigColumn>>) =>
  [requestedAt.desc().nullsFirst(), id.desc().nullsFirst()] as const;

/** Read model, folded from `audit_events`: the view as JSON, and the columns by which lists are filtered. */
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
    /** Sequence of the last event that was folded. */
    sequence: integer().notNull(),
    view: jsonb().notNull(),
  },
  (table) => [
    index('auditions_by_request').on(table.organization, ...newestFirst(table)),
    index('auditions_by_state').on(table.organization, table.state, ...newestFirst(table)),
    index('auditions_by_project').on(table.organization, table.project, ...newestFirst(table)),
    index('auditions_by_role').on(table.organization, table.role, ...newestFirst(table)),
    index('auditions_by_schedule').on(table.organization, table.scheduledFor, table.id),
    index('auditions_by_state_and_schedule').on(
      table.organization,
      table.state,
      table.scheduledFor,
      table.id,
    ),
    index('auditions_by_project_and_schedule').on(
      table.organization,
      table.project,
      table.scheduledFor,
      table.id,
    ),
    index('auditions_by_role_and_schedule').on(table.organization, table.role, table.scheduledFor, table.id),
    // Finds the sessions that begin now, in all organizations.
    index('auditions_by_start')
      .on(table.scheduledFor)
      .where(sql`${table.state} IN ('scheduled', 'confirmed', 'in_progress')`),
    index('auditions_by_session_block')
      .on(table.organization, sql`(${table.view} -> 'slot' ->> 'block')`)
      .where(sql`${table.view} -> 'slot' ->> 'block' IS NOT NULL`),
    index('auditions_needing_attention')
      .on(table.organization, ...newestFirst(table))
      .where(sql`${table.needsAttention}`),
  ],
);
