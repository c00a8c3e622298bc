import { bigserial, index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** Audit of administrative acts of people and programs: connections, endpoints, secrets, replays, keys. Append-only. */
export const administrativeActs = pgTable(
  'administrative_acts',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    organization: text(),
    /** The label of the API key, the subject of the token, `owner:<participant>`, or the name of the command. */
    by: text().notNull(),
    /** The id of the key, `sub:<subject>`, or `participant:<id>`: two keys can have one label. Null: an act of an earlier version. */
    principal: text(),
    role: text().notNull(),
    /** For example `connection.disconnected`, `endpoint.secret_rotated`. */
    act: text().notNull(),
    target: text().notNull(),
    /** Must not contain secrets or personal data. */
    detail: jsonb().notNull().default({}),
    correlationId: text('correlation_id').notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('administrative_acts_by_organization').on(table.organization, table.at)],
);
