import { sql } from 'drizzle-orm';
import { index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { calendarParts } from '../../domain/audition/calendar-part.ts';
import { deliveryStatuses } from '../../domain/audition/delivery-statuses.ts';
import { isUnkeyedHash } from './unkeyed-hashes.ts';

/**
 * Maps a provider's delivery id to the audition, participant and channel of its notice, and keeps the status that the
 * provider has reported.
 */
export const deliveries = pgTable(
  'deliveries',
  {
    id: text().primaryKey(),
    organization: text().notNull(),
    auditionId: text('audition_id').notNull(),
    participant: text().notNull(),
    channel: text().notNull(),
    /** The keyed hash of the email address (`address-hashes.ts`). Null for other channels. */
    address: text(),
    /** What the calendar part of an email did. Null for other channels, and for emails of versions that did not record it. */
    calendarPart: text('calendar_part', { enum: calendarParts }),
    /** The SEQUENCE of the calendar part (RFC 5545, section 3.8.7.4): calendar programs apply the highest one. */
    calendarSequence: integer('calendar_sequence'),
    status: text({ enum: deliveryStatuses }).notNull().default('queued'),
    /** The provider's code for the status: `bounced`, `complained`, or a number. */
    code: text(),
    /** The inbox id of the report that set the status. A repeated delivery of that report is recognized by it. */
    reportedBy: text('reported_by'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    // Finds the statuses of an audition's notices.
    index('deliveries_by_audition').on(table.auditionId),
    // Finds the addresses that have no key.
    index('deliveries_with_unkeyed_address').on(table.address).where(isUnkeyedHash(table.address)),
    // Finds the messages of which nothing final was reported (silent-messages.ts).
    index('deliveries_silent_messages')
      .on(table.channel, table.createdAt)
      .where(sql`${table.status} IN ('queued', 'deferred')`),
    // Finds the auditions of a participant.
    index('deliveries_by_participant').on(table.organization, table.participant),
  ],
);
