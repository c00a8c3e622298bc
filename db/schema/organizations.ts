import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';

/** The tenants and their settings. An audition copies the settings when it starts. */
export const organizations = pgTable('organizations', {
  id: text().primaryKey(),
  name: text().notNull(),
  meetingProviders: jsonb('meeting_providers').notNull(),
  meetCalendar: jsonb('meet_calendar'),
  conflicts: jsonb(),
  meetingBackup: jsonb('meeting_backup'),
  /** What an operator permits the organization to send, in place of the defaults of the service. */
  grantedLimits: jsonb('granted_limits'),
  /** The stricter limits that the organization has set itself. */
  ownLimits: jsonb('own_limits'),
  /** Hosts and settings of meetings, sealed under the data key `meetings:<organization>`. */
  sealedMeetings: text('sealed_meetings'),
});
