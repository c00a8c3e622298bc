import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';

/** The tenants and their settings. An audition copies the settings when it starts. */
export const organizations = pgTable('organizations', {
  id: text().primaryKey(),
  name: text().notNull(),
  meetingProviders: jsonb('meeting_providers').notNull(),
  meetCalendar: jsonb('meet_calendar'),
  conflicts: jsonb(),
  meetingBackup: jsonb('meeting_backup'),
  /** Hosts and settings of meetings, sealed under the data key `meetings:<organization>`. */
  sealedMeetings: text('sealed_meetings'),
});
