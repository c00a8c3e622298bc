import { bigserial, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** Audit of credential reads: which secret, for which operation, under which correlation id. Append-only, one year. */
export const credentialReads = pgTable(
  'credential_reads',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    /** The id of the connection or endpoint. */
    subject: text().notNull(),
    organization: text().notNull(),
    /** Which secret: `refresh_token`, `access_token`, `app_password`, `feed_address`, `signing_secret`. */
    secret: text().notNull(),
    /** The operation that needed the secret: `calendar.putEvent`, `connections.refresh`. */
    purpose: text().notNull(),
    process: text().notNull(),
    correlationId: text('correlation_id').notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('credential_reads_by_subject').on(table.subject, table.at)],
);
