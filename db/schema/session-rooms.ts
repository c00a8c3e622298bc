import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';
import { operations } from './operations.ts';

/**
 * `offered`: the meeting is being created. `present`: the auditions of the session are told to use it. `left`: another room
 * has taken its place, or no audition uses it.
 */
export const sessionRoomStates = ['offered', 'present', 'left'] as const;

/** The meetings that the auditions of a casting session share, the present one and earlier ones. */
export const sessionRooms = pgTable(
  'session_rooms',
  {
    session: text().notNull(),
    number: integer().notNull(),
    organization: text().notNull(),
    /** The operation of the ledger that creates the meeting. */
    key: text().notNull(),
    provider: text().notNull(),
    state: text({ enum: sessionRoomStates }).notNull(),
    /** The provider's id of the meeting. Absent until it was created. */
    meetingId: text('meeting_id'),
    /** Keyed digests of the settings with which the meeting is created, by name. */
    settings: jsonb().notNull().default({}),
    /** The zone in which the provider shows the time. */
    zone: text().notNull(),
    /** The time for which the meeting is created. It stays the same between two attempts. */
    createdFrom: instant('created_from').notNull(),
    createdUntil: instant('created_until').notNull(),
    /** The time that the auditions need. */
    startsAt: instant('starts_at').notNull(),
    endsAt: instant('ends_at').notNull(),
    /** Incremented when the needed time changes. */
    revision: integer().notNull().default(1),
    /** The revision whose time the meeting has. */
    appliedRevision: integer('applied_revision').notNull().default(1),
  },
  (table) => [
    primaryKey({ columns: [table.session, table.number] }),
    uniqueIndex('session_rooms_by_key').on(table.key),
    uniqueIndex('session_rooms_present').on(table.session).where(sql`${table.state} = 'present'`),
    index('session_rooms_by_meeting').on(table.meetingId),
  ],
);

/**
 * Which audition uses which room. A use belongs to the operation with which the audition has asked for its meeting: a use
 * can begin only while that operation is open, so a late attempt leaves none behind.
 */
export const sessionRoomUses = pgTable(
  'session_room_uses',
  {
    key: text()
      .notNull()
      .references(() => operations.key, { onDelete: 'cascade' }),
    session: text().notNull(),
    number: integer().notNull(),
    auditionId: text('audition_id').notNull(),
    /** The slot of the audition, and its revision. */
    startsAt: instant('starts_at').notNull(),
    endsAt: instant('ends_at').notNull(),
    revision: integer().notNull(),
    /** Whether the audition got the meeting of the room. */
    isSettled: boolean('is_settled').notNull().default(false),
    /** A use that has ended stays, so that a repeated removal finds its room. */
    hasEnded: boolean('has_ended').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.key, table.session, table.number] }),
    index('session_room_uses_by_room').on(table.session, table.number),
    index('session_room_uses_by_audition').on(table.auditionId),
  ],
);
