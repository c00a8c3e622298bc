import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/**
 * Commands whose facts the API appends to the trail. A row is stored before the command is sent, and deleted when its
 * facts are in the trail, or when there are none.
 */
export const openCommands = pgTable(
  'open_commands',
  {
    /** The id of the workflow update. */
    updateId: text('update_id').primaryKey(),
    auditionId: text('audition_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** When a worker takes over what the API has not finished. Moved forward by each claim. By the database's clock. */
    nextAttemptAt: instant('next_attempt_at').notNull(),
  },
  (table) => [index('open_commands_due').on(table.nextAttemptAt)],
);
