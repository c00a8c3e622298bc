import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { joinLinks } from './join-links.ts';

/** The registrations of participants at the providers of their meetings. Each belongs to one join link. */
export const meetingRegistrants = pgTable(
  'meeting_registrants',
  {
    /** The join link that leads to the registrant's address. */
    link: text()
      .notNull()
      .references(() => joinLinks.id, { onDelete: 'cascade' }),
    auditionId: text('audition_id').notNull(),
    participant: text().notNull(),
    /** The id of the meeting at its provider. */
    meetingId: text('meeting_id').notNull(),
    /** Absent until the provider has registered the participant: the row is written before the call. */
    registrantId: text('registrant_id'),
    /** The registrant's own address at the provider. */
    joinUrl: text('join_url'),
  },
  (table) => [
    primaryKey({ columns: [table.link, table.meetingId] }),
    index('meeting_registrants_by_audition').on(table.auditionId),
    index('meeting_registrants_by_registrant').on(table.registrantId),
  ],
);
