import { sql } from 'drizzle-orm';
import { index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { timeRange } from './columns.ts';
import { isUnkeyedHash, isUnkeyedResource } from './unkeyed-hashes.ts';

/**
 * Slot holds of people, rooms and calendars. A hold lasts until it is released. The exclusion constraint
 * `slot_holds_no_double_booking` keeps two auditions from holding one resource at overlapping times. It is in a custom
 * migration because Drizzle cannot express it.
 */
export const slotHolds = pgTable(
  'slot_holds',
  {
    auditionId: text('audition_id').notNull(),
    /** Numbers the claims of the audition. All resources of a claim are held and released together. */
    claim: integer().notNull(),
    /** A calendar or a room is a keyed hash (`auditions/stored-names.ts`). */
    resource: text().notNull(),
    organization: text().notNull(),
    /** Within what the resource is unique: an organization, or everything. Two organizations can share a calendar. */
    scope: text()
      .notNull()
      .generatedAlwaysAs(sql`CASE WHEN starts_with(resource, 'calendar:') THEN '' ELSE organization END`),
    during: timeRange().notNull(),
    /** A keyed hash of the room of the slot. Null: the audition takes place by video. */
    place: text(),
    /** The shortest time to another audition, and to one in another place, in milliseconds. */
    bufferMs: integer('buffer_ms').notNull().default(0),
    travelMs: integer('travel_ms').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.auditionId, table.claim, table.resource] }),
    index('slot_holds_with_unkeyed_resource').on(table.resource).where(isUnkeyedResource(table.resource)),
    index('slot_holds_with_unkeyed_place').on(table.place).where(isUnkeyedHash(table.place)),
  ],
);

/**
 * What happened to the claims of an audition. Every change of its holds locks this row first, so that a claim cannot
 * come between a release and its fence.
 */
export const slotFences = pgTable(
  'slot_fences',
  {
    auditionId: text('audition_id').primaryKey(),
    lastClaim: integer('last_claim').notNull().default(0),
    /** The claims up to this one are released, except `kept`. A late attempt cannot acquire them again. */
    releasedThrough: integer('released_through').notNull().default(0),
    kept: integer(),
    /** Another audition can take the claims up to this one. */
    yieldingThrough: integer('yielding_through').notNull().default(0),
    /** The position in the trail at which the claims yielded or ceased to. A late repetition of an earlier change is ignored. */
    yieldNumber: integer('yield_number').notNull().default(0),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('slot_fences_by_age').on(table.updatedAt)],
);
