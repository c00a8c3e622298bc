import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';

/** The tenants, with the settings that auditions take over at their start. */
export const organizations = pgTable('organizations', {
  id: text().primaryKey(),
  name: text().notNull(),
  meetingProviders: jsonb('meeting_providers').notNull(),
  meetCalendar: jsonb('meet_calendar'),
});
