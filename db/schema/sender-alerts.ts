import { pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/**
 * The attention items about senders of messages that their provider refuses: one for each organization and sender. Written by
 * `db/providers/sender-alerts.ts` alone.
 */
export const senderAlerts = pgTable(
  'sender_alerts',
  {
    organization: text().notNull(),
    /** The provider that refuses us, such as `smtp`. */
    sender: text().notNull(),
    /** The idempotency key of the message whose audition has the item. */
    holder: text().notNull(),
    /** After this, another message can hold the alert: the audition of this one has ended. */
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.organization, table.sender] })],
);
