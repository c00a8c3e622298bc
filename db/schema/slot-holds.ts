import { boolean, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant, timeRange } from './columns.ts';

/**
 * Slot holds of people and rooms. The exclusion constraint `slot_holds_no_double_booking` keeps two auditions from
 * holding one resource at overlapping times. It is in a custom migration because Drizzle cannot express it.
 */
export const slotHolds = pgTable(
  'slot_holds',
  {
    auditionId: text('audition_id').notNull(),
    revision: integer().notNull(),
    resource: text().notNull(),
    organization: text().notNull(),
    during: timeRange().notNull(),
    confirmed: boolean().notNull().default(false),
    /** When an unconfirmed hold expires. */
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.auditionId, table.revision, table.resource] })],
);
