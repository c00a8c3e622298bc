import { index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** The links in invitations. A link names nothing that a person could be recognized by. */
export const responseLinks = pgTable(
  'response_links',
  {
    /** The SHA-256 of the id in the address: who reads the database must not be able to answer for people. */
    digest: text().primaryKey(),
    organization: text().notNull(),
    auditionId: text('audition_id').notNull(),
    participant: text().notNull(),
    /** The revision of the slot that the invitation announces. */
    revision: integer().notNull(),
    /** The generation of the participant. 0 for participants of the request. */
    generation: integer().notNull(),
    /** The language of the page. */
    locale: text().notNull(),
    /** The titles of project and role for the page, sealed. */
    sealedTitles: text('sealed_titles').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('response_links_by_audition').on(table.auditionId)],
);
