import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** The performers on the waiting lists of casting sessions, and those who were admitted. */
export const waitingEntries = pgTable(
  'waiting_entries',
  {
    auditionId: text('audition_id').notNull(),
    participant: text().notNull(),
    /** The revision of the slot. A moved audition has no entry for its new slot. */
    revision: integer().notNull(),
    organization: text().notNull(),
    /** Names the list: a session block and a day, or an audition. */
    list: text().notNull(),
    /** Absent for a performer who was admitted before the check-in. */
    checkedInAt: instant('checked_in_at'),
    /** Absent while the performer waits. */
    admittedAt: instant('admitted_at'),
  },
  (table) => [
    primaryKey({ columns: [table.auditionId, table.participant, table.revision] }),
    index('waiting_entries_by_list').on(table.list),
  ],
);
