import { bigserial, index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** What people and programs with power did: connections, endpoints, secrets, replays, keys. Append-only. */
export const administrativeActs = pgTable(
  'administrative_acts',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    organization: text(),
    /** The label of the key, the subject of the token, `owner:<participant>`, or the name of the command line. */
    by: text().notNull(),
    role: text().notNull(),
    /** `connection.disconnected`, `endpoint.secret_rotated`. */
    act: text().notNull(),
    target: text().notNull(),
    /** Never a secret, never a person's data. */
    detail: jsonb().notNull().default({}),
    correlationId: text('correlation_id').notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('administrative_acts_by_organization').on(table.organization, table.at)],
);
