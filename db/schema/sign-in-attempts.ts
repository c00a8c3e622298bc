import { index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** Attempts to connect an account with a password that did not succeed, by hour. Written by `sign-in-attempts.ts` alone. */
export const signInAttempts = pgTable(
  'sign_in_attempts',
  {
    /** A keyed hash of a link, of a user name or of a server. */
    subject: text().notNull(),
    hour: timestamp({ withTimezone: true }).notNull(),
    attempts: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.subject, table.hour] }),
    // Finds attempts that are past their retention.
    index('sign_in_attempts_by_hour').on(table.hour),
  ],
);
