import { sql } from 'drizzle-orm';
import { boolean, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';
import { isUnkeyedResource } from './unkeyed-hashes.ts';

/** Subscriptions to calendar changes: Google's notification channels, Microsoft Graph's subscriptions. */
export const watchSubscriptions = pgTable(
  'watch_subscriptions',
  {
    /** The id of Google's channel, chosen by this service, or of the subscription, chosen by Microsoft Graph. */
    id: text().primaryKey(),
    provider: text().notNull(),
    organization: text().notNull(),
    connection: text().notNull(),
    /** The calendar's key. At Microsoft, that of any calendar of the mailbox: the subscription is to all. */
    calendarId: text('calendar_id').notNull(),
    /** Google's id of the watched resource. */
    resourceId: text('resource_id'),
    /** SHA-256 of the channel's token or of `clientState`, the newest first. Two during a rotation. */
    secretHashes: text('secret_hashes').array().notNull().default(sql`'{}'`),
    /**
     * Id of the master key under which the newest secret can be verified without this row (`watch-secrets.ts`). Null in rows of
     * earlier versions.
     */
    secretKey: text('secret_key'),
    /** Whether the newest secret was issued under a master key. Written for the earlier version, which has no `secret_key`. */
    hasIssuedSecret: boolean('has_issued_secret').notNull().default(false),
    expiresAt: instant('expires_at').notNull(),
    /** Whether the vendor has said that the subscription has ended, or does no longer trust it. It must be replaced. */
    isLost: boolean('is_lost').notNull().default(false),
    lastNotifiedAt: instant('last_notified_at'),
    /** When the vendor last extended it. Null: never. */
    extendedAt: instant('extended_at'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('watch_subscriptions_by_connection').on(table.connection),
    index('watch_subscriptions_by_expiry').on(table.expiresAt),
    index('watch_subscriptions_with_unkeyed_name')
      .on(table.calendarId)
      .where(isUnkeyedResource(table.calendarId)),
  ],
);
