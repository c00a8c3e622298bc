import { boolean, index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { syncStates } from '../../domain/calendars/sync-state.ts';
import { instant } from './columns.ts';
import { isUnkeyedResource } from './unkeyed-hashes.ts';

/**
 * The calendars that auditions use, and how far each is synchronized. `calendar` is the resource of `slot_holds`: a keyed hash.
 * The calendar's id is usually an email address. It is sealed under the data key of the connection.
 */
export const syncedCalendars = pgTable(
  'synced_calendars',
  {
    connection: text().notNull(),
    calendar: text().notNull(),
    organization: text().notNull(),
    provider: text().notNull(),
    sealedCalendarId: text('sealed_id').notNull(),
    /** The name that the calendar had in the context of the sealed id (`former-names.ts`). Null: its present one. */
    sealedFormerName: text('sealed_former_name'),
    /** Whether the calendar only counts as busy for auditions, and nothing of ours was written to it. */
    isBusyOnly: boolean('is_busy_only').notNull().default(false),
    /** Whether the calendar is that of a room. Only its busy times are read. */
    isRoom: boolean('is_room').notNull().default(false),
    /** When the vendor last refused to list the events, so that only the busy times are read. Null: the events are listed. */
    eventsDeniedAt: instant('events_denied_at'),
    state: text({ enum: syncStates }).notNull().default('new'),
    /** Where the next listing of changes begins. Null before the first listing is complete, and after it has expired. */
    cursor: text(),
    /** The next page of the listing that is under way. */
    page: text(),
    /** Set while all events are listed: the listing has the events that end after this time. */
    listedSince: instant('listed_since'),
    /** Incremented by each listing of all events. What such a listing did not contain no longer exists. */
    generation: integer().notNull().default(0),
    /** When the listing of all events that is under way, or the last one, began. */
    listingBeganAt: instant('listing_began_at'),
    /** When the last complete listing of all events began. */
    listedAt: instant('listed_at'),
    /** The `listed_at` of the listing that was compared last with what this service believes. */
    reconciledAt: instant('reconciled_at'),
    /** The `listed_at` of the listing that a dry run has compared last. */
    dryRunAt: instant('dry_run_at'),
    /** How many events the listing under way, or the last one, has contained. */
    listedCount: integer('listed_count').notNull().default(0),
    /** The kind of the fault that keeps the calendar from being synchronized, or `unreadable_answer`. */
    error: text(),
    /** When the calendar failed first, of the failures without a success in between. Null without an error. */
    errorSince: instant('error_since'),
    /** With the error `unreadable_answer`: the names of the fields that cannot be read. */
    unreadableFields: text('unreadable_fields'),
    /** With the error `unreadable_answer`: since when no answer could be read. */
    unreadableSince: instant('unreadable_since'),
    /** The kind of the fault that keeps notifications from being pushed, `unconfirmed`, `not_supported` or `other_connection`. The calendar is then only polled. */
    pushError: text('push_error'),
    /** When a workflow was last started or signaled for it. Null: it waits for its first one. */
    startedAt: instant('started_at'),
    /** When the last round began, successful or not. */
    checkedAt: instant('checked_at'),
    /** When the last round of all calendars of the connection began. Null: the calendar is new. */
    polledAt: instant('polled_at'),
    /** When the calendar was last read, or tried to. */
    triedAt: instant('tried_at'),
    /** When the last listing was complete. */
    syncedAt: instant('synced_at'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.connection, table.calendar] }),
    index('synced_calendars_by_start').on(table.startedAt),
    index('synced_calendars_with_unkeyed_name').on(table.calendar).where(isUnkeyedResource(table.calendar)),
  ],
);
