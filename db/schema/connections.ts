import { index, pgTable, text } from 'drizzle-orm/pg-core';

/** Authorized links to provider accounts. Account and credential are sealed, bound to this connection and organization. */
export const connections = pgTable(
  'connections',
  {
    id: text().primaryKey(),
    organization: text().notNull(),
    provider: text().notNull(),
    account: text().notNull(),
    sealedCredential: text('sealed_credential').notNull(),
  },
  (table) => [index('connections_by_organization').on(table.organization)],
);
