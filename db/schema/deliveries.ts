import { pgTable, text } from 'drizzle-orm/pg-core';

/** Which notice a provider's delivery id belongs to. */
export const deliveries = pgTable('deliveries', {
  id: text().primaryKey(),
  organization: text().notNull(),
  auditionId: text('audition_id').notNull(),
  participant: text().notNull(),
  channel: text().notNull(),
});
