import { sql } from 'drizzle-orm';
import { bigint, index, integer, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** The join links of auditions. A link names nothing that a person could be recognized by. */
export const joinLinks = pgTable(
  'join_links',
  {
    /** The last part of the address. Derived under a key of the service, so that it cannot be guessed. */
    id: text().primaryKey(),
    organization: text().notNull(),
    auditionId: text('audition_id').notNull(),
    /** Absent for the link of the audition, which calendar events contain. */
    participant: text(),
    /** Incremented when a link is issued after an earlier one was revoked. */
    generation: integer().notNull(),
    /** The language of the page. Absent until a notice was sent: the browser's language is then used. */
    locale: text(),
    /** The titles of project and role for the page, sealed. Absent until a notice was sent. */
    sealedTitles: text('sealed_titles'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    uniqueIndex('join_links_once').on(
      table.auditionId,
      sql`coalesce(${table.participant}, '')`,
      table.generation,
    ),
  ],
);

/** Each time that a person went to the meeting with a join link. */
export const joinUses = pgTable(
  'join_uses',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    link: text()
      .notNull()
      .references(() => joinLinks.id, { onDelete: 'cascade' }),
    /** The revision of the slot. */
    revision: integer().notNull(),
    at: instant().notNull(),
    /** `phone`, `computer` or `other`. */
    device: text().notNull(),
    /** Distinguishes networks within one audition. It cannot be converted back to an address. */
    network: text().notNull(),
  },
  (table) => [index('join_uses_by_link').on(table.link)],
);
