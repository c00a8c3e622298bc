import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { auditions } from './auditions.ts';
import { instant } from './columns.ts';

/**
 * Read model: the performers of auditions by the platform's ids, with the sort keys of the lists. A trigger on `auditions`
 * writes the rows, so that those of a worker of an earlier version are found as well. The performers of an audition
 * never change.
 */
export const auditionPerformers = pgTable(
  'audition_performers',
  {
    organization: text().notNull(),
    performer: text().notNull(),
    auditionId: text('audition_id')
      .notNull()
      .references(() => auditions.id, { onDelete: 'cascade' }),
    requestedAt: instant('requested_at').notNull(),
    scheduledFor: instant('scheduled_for'),
  },
  (table) => [
    primaryKey({ columns: [table.auditionId, table.performer] }),
    index('audition_performers_by_request').on(
      table.organization,
      table.performer,
      table.requestedAt,
      table.auditionId,
    ),
    index('audition_performers_by_schedule').on(
      table.organization,
      table.performer,
      table.scheduledFor,
      table.auditionId,
    ),
  ],
);
