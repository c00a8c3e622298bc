import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { ConnectionProblem } from '../../domain/connections/connection-problem.ts';
import { failureEndings } from '../../domain/connections/connection-problem.ts';
import { instant } from './columns.ts';

/** How far the platform is told of a failure: each step is sent once to each endpoint. */
export const failureStates = ['beginning', 'reported', 'ending', 'ended'] as const;

/** The present or last failure of each connection: from its first problem until it has none. */
export const connectionFailures = pgTable(
  'connection_failures',
  {
    connection: text().primaryKey(),
    organization: text().notNull(),
    /** Counts the failures of the connection. Part of the ids of the messages. */
    episode: integer().notNull().default(1),
    state: text({ enum: failureStates }).notNull().default('beginning'),
    /** The problems when the failure was noticed: a repeated report says the same. */
    problems: jsonb().$type<readonly Pick<ConnectionProblem, 'kind' | 'since'>[]>().notNull(),
    /** The calendars with a problem, and those with an earlier one that are no longer read. */
    calendars: text().array().notNull(),
    failingSince: instant('failing_since').notNull(),
    endedAt: instant('ended_at'),
    ending: text({ enum: failureEndings }),
  },
  (table) => [
    index('connection_failures_to_report').on(table.state).where(sql`state IN ('beginning', 'ending')`),
  ],
);
