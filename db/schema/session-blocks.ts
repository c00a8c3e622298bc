import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** Session blocks: recurring casting sessions. Contains ids, times and rooms, and no names of people. */
export const sessionBlocks = pgTable(
  'session_blocks',
  {
    id: text().primaryKey(),
    organization: text().notNull(),
    /** The first block of those that were split from each other. */
    series: text().notNull(),
    version: integer().notNull().default(1),
    project: text().notNull(),
    role: text(),
    castingDirector: text('casting_director'),
    definition: jsonb().notNull(),
    exceptions: jsonb().notNull().default([]),
    isCancelled: boolean('is_cancelled').notNull().default(false),
    /** The generation of the address of the feed. 0: there was never one. */
    feedGeneration: integer('feed_generation').notNull().default(0),
    isFeedRevoked: boolean('is_feed_revoked').notNull().default(false),
    /** Who has changed it last, see `domain/audition/principal.ts`. Null: an earlier version has stored the change. */
    changedBy: text('changed_by'),
    /** How often the auditions are still to be compared with the changed block, and when next. */
    reportsLeft: integer('reports_left').notNull().default(0),
    reportAt: instant('report_at'),
    createdAt: instant('created_at').notNull().default(sql`date_trunc('milliseconds', now())`),
    changedAt: instant('changed_at').notNull().default(sql`date_trunc('milliseconds', now())`),
  },
  (table) => [
    index('session_blocks_by_creation').on(
      table.organization,
      table.createdAt.desc().nullsFirst(),
      table.id.desc().nullsFirst(),
    ),
    index('session_blocks_by_series').on(table.organization, table.series),
    index('session_blocks_to_report').on(table.reportAt).where(sql`${table.reportsLeft} > 0`),
  ],
);
