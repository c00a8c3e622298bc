import { pgTable, text } from 'drizzle-orm/pg-core';

/** Maps a provider's delivery id to the audition, participant and channel of its notice. */
export const deliveries = pgTable('deliveries', {
  id: text().primaryKey(),
  organization: text().notNull(),
  auditionId: text('audition_id').notNull(),
  participant: text().notNull(),
  channel: text().notNull(),
});
