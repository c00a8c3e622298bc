/** Stores which calendars are synchronized, and how far. */
import { and, asc, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { SyncState } from '../../domain/calendars/sync-state.ts';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import {
  type SynchronizedCalendarName,
  synchronizedCalendarProviders,
  type WritableCalendarName,
  writableCalendarProviders,
} from '../../domain/providers/vendors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { calendarRemovals } from '../schema/calendar-removals.ts';
import { syncedCalendars } from '../schema/synced-calendars.ts';
import { syncedEvents } from '../schema/synced-events.ts';
import { millisecondsInterval } from '../time.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { ifReadable, openCalendarId, sealCalendarId } from './calendar-id.ts';
import {
  failingColumns,
  failingMs,
  unreadableColumns,
  unreadableFieldsOf,
  unreadableMs,
} from './failing-since.ts';
import { deleteOldBusyCalendars, deleteOldEvents, forgetEvents } from './past-events.ts';
import { reportAgainLater } from './reported-changes.ts';
import { type CalendarKey, progressOf, type SyncProgress } from './sync-progress.ts';

interface CalendarFacts extends CalendarKey {
  readonly organization: OrganizationId;
  readonly calendarId: string;
  readonly state: SyncState;
  /** How many events the listing under way, or the last one, has contained. */
  readonly listedCount: number;
  readonly error: string | undefined;
  /** With the error `unreadable_answer`: the names of the fields that cannot be read. */
  readonly unreadableFields: string | undefined;
  readonly pushError: string | undefined;
  /** Undefined: the next listing is one of all events, and has not begun. */
  readonly progress: SyncProgress | undefined;
  /** When the listing of all events that is under way, or the last one, began. */
  readonly listingBeganAt: Instant | undefined;
  /** When the last complete listing of all events began. */
  readonly listedAt: Instant | undefined;
  /** The `listedAt` of the listing that was reconciled last. */
  readonly reconciledAt: Instant | undefined;
  /** The `listedAt` of the listing that a dry run has compared last. */
  readonly dryRunAt: Instant | undefined;
  /** When the last round of all calendars of the connection began. */
  readonly polledAt: Instant | undefined;
  /** When the calendar was last read, or tried to. Undefined: never. */
  readonly triedAt: Instant | undefined;
  /** When the last listing was complete. */
  readonly syncedAt: Instant | undefined;
  /** When the calendar was registered. */
  readonly createdAt: Instant;
  /** Whether the calendar is that of a room, whose events are never listed. */
  readonly isRoom: boolean;
  /** When the vendor last refused to list the events, so that only the busy times are read. Undefined: the events are listed. */
  readonly eventsDeniedAt: Instant | undefined;
  /** Whether an audition holds a slot in the calendar that has not been over for a day. */
  readonly isInUse: boolean;
  /** Whether events of the calendar could not be read, and no listing of all events has found them repaired. */
  readonly isDamaged: boolean;
}

/** A calendar to which events of ours are written. */
export interface WrittenCalendar extends CalendarFacts {
  readonly isBusyOnly: false;
  readonly provider: WritableCalendarName;
}

/** A calendar that only counts as busy. Nothing in it is repaired or removed. */
interface BusyOnlyCalendar extends CalendarFacts {
  readonly isBusyOnly: true;
  readonly provider: SynchronizedCalendarName;
}

export type SyncedCalendar = WrittenCalendar | BusyOnlyCalendar;

/** How a calendar is synchronized. */
export interface CalendarState {
  readonly state: SyncState;
  /** The kind of the fault that keeps the calendar from being read, or `unreadable_answer`. */
  readonly error: string | undefined;
  /** With the error `unreadable_answer`: the names of the fields that cannot be read. */
  readonly unreadableFields: string | undefined;
  /** Since when the calendar cannot be read. */
  readonly errorSince: Instant | undefined;
  /** The kind of the fault that keeps notifications from being pushed, or `other_connection`. The calendar is then read at intervals. */
  readonly pushError: string | undefined;
  /** When the last listing was complete. */
  readonly syncedAt: Instant | undefined;
}

export interface SyncToStart {
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  readonly provider: SynchronizedCalendarName;
  /** All calendars of the connection at the time of the listing. */
  readonly calendars: readonly string[];
}

export interface SyncedCalendars {
  /** Returns the calendars of a connection, without those whose id cannot be opened. @throws {UnknownKey} */
  list(connection: ConnectionId): Promise<readonly SyncedCalendar[]>;
  /** Returns the states of the calendars of these connections, in the order in which they were registered. */
  listStates(connections: readonly ConnectionId[]): Promise<ReadonlyMap<string, readonly CalendarState[]>>;
  /** Returns the calendars whose id cannot be opened: the account was disconnected since it was sealed. @throws {UnknownKey} */
  listUnreadable(connection: ConnectionId): Promise<readonly CalendarKey[]>;
  /** Seals the id of the calendar again, under the present data key of the connection. Idempotent. */
  reseal(key: CalendarKey, calendarId: string): Promise<void>;
  /**
   * Returns the connected accounts whose synchronisation must be started: a calendar is new, or was not read for
   * `staleAfterMs`, which means that its workflow is gone.
   */
  listToStart(staleAfterMs: number, limit: number): Promise<readonly SyncToStart[]>;
  /**
   * Records that the synchronisation of the connection was started or signaled. A calendar that was registered since the listing is
   * not marked: the round that the start has begun need not have seen it.
   */
  markStarted(started: Pick<SyncToStart, 'connection' | 'calendars'>): Promise<void>;
  /** Records that a round of the connection begins. @param round.isPoll whether it reads all calendars */
  markChecked(connection: ConnectionId, round: { readonly isPoll: boolean }): Promise<void>;
  /**
   * Begins a listing of all events, instead of the one under way. Later events than a day ago are listed. Returns where
   * it begins.
   */
  beginListing(key: CalendarKey): Promise<SyncProgress>;
  /** Returns one calendar; undefined when it is not registered. @throws the errors of `Vault.open` */
  find(key: CalendarKey): Promise<SyncedCalendar | undefined>;
  /** Records that this listing of all events was reconciled. Idempotent. @param listedAt its `listedAt` */
  markReconciled(key: CalendarKey, listedAt: Instant): Promise<void>;
  /** Records that a dry run has compared this listing of all events. Idempotent. @param listedAt its `listedAt` */
  markDryRun(key: CalendarKey, listedAt: Instant): Promise<void>;
  /** Records why the calendar cannot be synchronized. */
  markUnavailable(key: CalendarKey, error: string): Promise<void>;
  /**
   * Records a fault that can end by itself. Where the listing continues stays as it is. Returns for how long the calendar has
   * failed, in milliseconds.
   */
  noteFault(key: CalendarKey, error: string): Promise<number>;
  /**
   * Records that the vendor has sent an answer that cannot be read. Where the listing continues stays as it is. Returns for how long it
   * has sent no other one, in milliseconds.
   * @param fields the names of the fields
   */
  noteUnreadableAnswer(key: CalendarKey, fields: string): Promise<number>;
  /** Records when the calendar was read last, or tried to. @param at undefined: never */
  setTriedAt(key: CalendarKey, at: Instant | 'now' | undefined): Promise<void>;
  /** Records why notifications cannot be pushed; undefined when they can. */
  setPushError(key: CalendarKey, error: string | undefined): Promise<void>;
  /** Deletes a calendar that no audition uses, with its events. Returns whether it was deleted. */
  removeUnused(key: CalendarKey): Promise<boolean>;
  /** Deletes a calendar with its events, whether or not an audition uses it. Idempotent. */
  remove(key: CalendarKey): Promise<void>;
  /**
   * Erases what was read from the calendars of a disconnected account, and their ids. What auditions have written, and what
   * counts as busy for auditions that stand, stays without texts and people, so that the synchronisation continues when the
   * account is connected again. Idempotent.
   */
  suspend(connection: ConnectionId): Promise<void>;
  /** Deletes events that ended more than a day ago, and the busy calendars of auditions whose slots did. Those of ours are kept for a week. */
  deleteOldEvents(connection: ConnectionId): Promise<void>;
}

/**
 * A slot keeps its calendar in use for a day: by then the audition is decided or waits for a decision. The calendar of an
 * event that books a room, or hosts the meeting, is not held, because its account is of no participant. The columns are named in full:
 * Drizzle omits the table in a selected expression, and the inner table has columns of the same names.
 */
const isInUse = sql<boolean>`(EXISTS (
  SELECT FROM slot_holds
  WHERE slot_holds.scope = '' AND slot_holds.resource = synced_calendars.calendar
    AND upper(slot_holds.during) > now() - interval '1 day'
) OR EXISTS (
  SELECT FROM synced_events AS booking
  WHERE booking.connection = synced_calendars.connection AND booking.calendar = synced_calendars.calendar
    AND (booking.booked_by IS NOT NULL OR booking.hosted_by IS NOT NULL) AND booking.written_end > now() - interval '1 day'
) OR EXISTS (
  SELECT FROM synced_events AS booking
  WHERE booking.connection = synced_calendars.connection AND booking.room_calendar = synced_calendars.calendar
    AND booking.written_end > now() - interval '1 day'
) OR EXISTS (
  SELECT FROM busy_calendars AS busy JOIN slot_holds ON slot_holds.audition_id = busy.audition_id
  WHERE busy.connection = synced_calendars.connection AND busy.calendar = synced_calendars.calendar
    AND upper(slot_holds.during) > now() - interval '1 day'
))`;

const isDamaged = sql<boolean>`EXISTS (
  SELECT FROM unreadable_events AS unreadable
  WHERE unreadable.connection = synced_calendars.connection AND unreadable.calendar = synced_calendars.calendar
)`;

// The id of the calendar of a disconnected account cannot be opened.
const erasedId = '';

const neverListed = {
  state: 'new',
  cursor: null,
  page: null,
  listedSince: null,
  listedCount: 0,
  error: null,
  errorSince: null,
  pushError: null,
  eventsDeniedAt: null,
} as const;

const of = ({ connection, calendar }: CalendarKey) =>
  and(eq(syncedCalendars.connection, connection), eq(syncedCalendars.calendar, calendar));

/** Creates the repository. */
export const createSyncedCalendars = (
  db: Database,
  vault: Pick<Vault, 'open' | 'seal' | 'evict'>,
): SyncedCalendars => ({
  async list(connection) {
    const rows = await db
      .select({ row: syncedCalendars, isInUse, isDamaged })
      .from(syncedCalendars)
      .where(eq(syncedCalendars.connection, connection))
      .orderBy(asc(syncedCalendars.createdAt), asc(syncedCalendars.calendar));
    const opened = await Promise.all(
      rows.map(({ row, ...facts }) => ifReadable(() => toCalendar(vault, row, facts))),
    );
    return opened.filter((calendar) => calendar !== undefined);
  },

  async listStates(connections) {
    if (connections.length === 0) return new Map();
    const rows = await db
      .select({
        connection: syncedCalendars.connection,
        state: syncedCalendars.state,
        error: syncedCalendars.error,
        errorSince: syncedCalendars.errorSince,
        unreadableFields: syncedCalendars.unreadableFields,
        pushError: syncedCalendars.pushError,
        syncedAt: syncedCalendars.syncedAt,
      })
      .from(syncedCalendars)
      .where(inArray(syncedCalendars.connection, [...connections]))
      .orderBy(asc(syncedCalendars.createdAt), asc(syncedCalendars.calendar));
    return Map.groupBy(
      rows.map(({ error, errorSince, unreadableFields, pushError, syncedAt, ...row }) => ({
        ...row,
        error: error ?? undefined,
        unreadableFields: unreadableFieldsOf({ error, unreadableFields }),
        errorSince: errorSince ?? undefined,
        pushError: pushError ?? undefined,
        syncedAt: syncedAt ?? undefined,
      })),
      ({ connection }) => connection,
    );
  },

  async listUnreadable(connection) {
    const rows = await db
      .select({
        calendar: syncedCalendars.calendar,
        sealedCalendarId: syncedCalendars.sealedCalendarId,
        sealedFormerName: syncedCalendars.sealedFormerName,
      })
      .from(syncedCalendars)
      .where(eq(syncedCalendars.connection, connection));
    const unreadable = await Promise.all(
      rows.map(async (row) => {
        const calendarId = await ifReadable(() => openCalendarId(vault, { connection, ...row }));
        return calendarId === undefined ? [{ connection, calendar: row.calendar }] : [];
      }),
    );
    return unreadable.flat();
  },

  async reseal(key, calendarId) {
    // Another process has replaced the data key.
    vault.evict(key.connection);
    const sealedCalendarId = await sealCalendarId(vault, key, calendarId);
    await db.update(syncedCalendars).set({ sealedCalendarId, sealedFormerName: null }).where(of(key));
  },

  async find(key) {
    const [found] = await db
      .select({ row: syncedCalendars, isInUse, isDamaged })
      .from(syncedCalendars)
      .where(of(key));
    if (!found) return undefined;
    const { row, ...derived } = found;
    return toCalendar(vault, row, derived);
  },

  async markReconciled(key, listedAt) {
    await db
      .update(syncedCalendars)
      .set({ reconciledAt: listedAt })
      .where(and(of(key), eq(syncedCalendars.listedAt, listedAt)));
  },

  async markDryRun(key, listedAt) {
    await db
      .update(syncedCalendars)
      .set({ dryRunAt: listedAt })
      .where(and(of(key), eq(syncedCalendars.listedAt, listedAt)));
  },

  async listToStart(staleAfterMs, limit) {
    const { rows } = await db.execute(sql`
      SELECT synced_calendars.organization, connection, synced_calendars.provider, array_agg(calendar) AS calendars
      FROM synced_calendars
      JOIN connections ON connections.id = connection AND connections.status = 'connected'
      GROUP BY synced_calendars.organization, connection, synced_calendars.provider
      HAVING bool_or(started_at IS NULL
        OR greatest(started_at, checked_at) < now() - ${millisecondsInterval(staleAfterMs)})
      LIMIT ${limit}
    `);
    return toStartSchema.parse(rows);
  },

  async markStarted({ connection, calendars }) {
    await db
      .update(syncedCalendars)
      .set({ startedAt: sql`now()` })
      .where(
        and(eq(syncedCalendars.connection, connection), inArray(syncedCalendars.calendar, [...calendars])),
      );
  },

  async markChecked(connection, { isPoll }) {
    await db
      .update(syncedCalendars)
      .set({ checkedAt: sql`now()`, ...(isPoll ? { polledAt: sql`now()` } : {}) })
      .where(eq(syncedCalendars.connection, connection));
  },

  async beginListing(key) {
    const [row] = await db
      .update(syncedCalendars)
      .set({
        state: 'listing',
        cursor: null,
        page: null,
        listedCount: 0,
        listingBeganAt: sql`date_trunc('milliseconds', now())`,
        listedSince: sql`date_trunc('milliseconds', now()) - interval '1 day'`,
        generation: sql`${syncedCalendars.generation} + 1`,
      })
      .where(of(key))
      .returning();
    const progress = row && progressOf(key, row);
    if (!progress) throw new Error(`the calendar ${key.calendar} of ${key.connection} is not synchronized`);
    return progress;
  },

  async markUnavailable(key, error) {
    await db
      .update(syncedCalendars)
      .set({ state: 'unavailable', ...failingColumns(error) })
      .where(of(key));
  },

  async noteFault(key, error) {
    const [failing] = await db
      .update(syncedCalendars)
      .set(failingColumns(error))
      .where(of(key))
      .returning({ ms: failingMs });
    return failing?.ms ?? 0;
  },

  async noteUnreadableAnswer(key, fields) {
    const [failing] = await db
      .update(syncedCalendars)
      .set(unreadableColumns(fields))
      .where(of(key))
      .returning({ ms: unreadableMs });
    return failing?.ms ?? 0;
  },

  async setTriedAt(key, at) {
    const triedAt = at === 'now' ? sql`now()` : (at ?? null);
    await db.update(syncedCalendars).set({ triedAt }).where(of(key));
  },

  async setPushError(key, error) {
    await db
      .update(syncedCalendars)
      .set({ pushError: error ?? null })
      .where(of(key));
  },

  removeUnused: (key) =>
    db.transaction(async (transaction) => {
      // What uses the calendar since then is seen by the next statement, or waits, and registers the calendar again.
      await transaction
        .select({ calendar: syncedCalendars.calendar })
        .from(syncedCalendars)
        .where(of(key))
        .for('update');
      const deleted = await transaction
        .delete(syncedCalendars)
        .where(and(of(key), sql`NOT ${isInUse}`))
        .returning({ calendar: syncedCalendars.calendar });
      if (deleted.length === 0) return false;
      await forgetEvents(transaction, key);
      return true;
    }),

  remove: (key) =>
    db.transaction(async (transaction) => {
      await transaction.delete(syncedCalendars).where(of(key));
      await forgetEvents(transaction, key);
    }),

  async suspend(connection) {
    await db.transaction(async (transaction) => {
      const ofConnection = eq(syncedCalendars.connection, connection);
      await deleteOldBusyCalendars(transaction, connection);
      await transaction.delete(syncedCalendars).where(and(ofConnection, sql`NOT ${isInUse}`));
      await transaction
        .update(syncedCalendars)
        .set({
          ...neverListed,
          sealedCalendarId: erasedId,
          sealedFormerName: null,
          startedAt: null,
          polledAt: null,
        })
        .where(ofConnection);
      await reportAgainLater(transaction, connection);
      // The events that were being removed are deleted below, and a calendar that has them lists them again.
      await transaction.delete(calendarRemovals).where(eq(calendarRemovals.connection, connection));
      await transaction.delete(syncedEvents).where(
        and(
          eq(syncedEvents.connection, connection),
          or(
            isNull(syncedEvents.auditionId),
            sql`NOT EXISTS (
              SELECT FROM synced_calendars AS kept
              WHERE kept.connection = ${syncedEvents.connection} AND kept.calendar = ${syncedEvents.calendar}
            )`,
          ),
        ),
      );
    });
  },

  deleteOldEvents: (connection) => deleteOldEvents(db, connection),
});

const toStartSchema = z.array(
  z.object({
    organization: organizationIdSchema,
    connection: connectionIdSchema,
    provider: z.enum(synchronizedCalendarProviders),
    calendars: z.array(z.string()),
  }),
);

type Row = typeof syncedCalendars.$inferSelect;

const toCalendar = async (
  vault: Pick<Vault, 'open'>,
  row: Row,
  derived: Pick<CalendarFacts, 'isInUse' | 'isDamaged'>,
): Promise<SyncedCalendar> => {
  const key = { connection: connectionIdSchema.parse(row.connection), calendar: row.calendar };
  const facts: CalendarFacts = {
    ...key,
    organization: organizationIdSchema.parse(row.organization),
    calendarId: await openCalendarId(vault, { ...row, ...key }),
    state: row.state,
    listedCount: row.listedCount,
    error: row.error ?? undefined,
    unreadableFields: unreadableFieldsOf(row),
    pushError: row.pushError ?? undefined,
    progress: progressOf(key, row),
    listingBeganAt: row.listingBeganAt ?? undefined,
    listedAt: row.listedAt ?? undefined,
    reconciledAt: row.reconciledAt ?? undefined,
    dryRunAt: row.dryRunAt ?? undefined,
    polledAt: row.polledAt ?? undefined,
    triedAt: row.triedAt ?? undefined,
    syncedAt: row.syncedAt ?? undefined,
    createdAt: toInstant(row.createdAt.getTime()),
    isRoom: row.isRoom,
    eventsDeniedAt: row.eventsDeniedAt ?? undefined,
    ...derived,
  };
  return row.isBusyOnly
    ? { ...facts, isBusyOnly: true, provider: z.enum(synchronizedCalendarProviders).parse(row.provider) }
    : { ...facts, isBusyOnly: false, provider: z.enum(writableCalendarProviders).parse(row.provider) };
};
