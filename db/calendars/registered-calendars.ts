/** Registers calendars for synchronisation. */
import { and, eq, sql } from 'drizzle-orm';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { SynchronizedCalendarName, WritableCalendarName } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { syncedCalendars } from '../schema/synced-calendars.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { sealCalendarId } from './calendar-id.ts';

/** Channel of `NOTIFY` that wakes the starter of synchronisations. */
export const calendarSyncChannel = 'calendar_sync';

type CalendarToRegister = CalendarToName &
  (
    | { readonly provider: WritableCalendarName; readonly isBusyOnly: false }
    /** No event is written to it. Once one is, the calendar is one of those that are written. */
    | { readonly provider: SynchronizedCalendarName; readonly isBusyOnly: true }
  ) & {
    /** Whether only the busy times are read, because the calendar is that of a room. Default: false. */
    readonly isRoom?: boolean;
  };

interface CalendarToName {
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  readonly calendarId: string;
  /** The stored resource. */
  readonly calendar: string;
}

/**
 * Adds the calendar, unless it is known. Idempotent. Call it after the use of the calendar is committed: the synchronisation
 * forgets a calendar without one. Waits for a removal that has not seen the use, and adds the calendar again.
 */
export const registerCalendar = async (
  db: Pick<Database, 'select' | 'insert' | 'update' | 'execute'>,
  vault: Pick<Vault, 'seal'>,
  {
    organization,
    connection,
    provider,
    calendarId,
    calendar,
    isBusyOnly,
    isRoom = false,
  }: CalendarToRegister,
): Promise<void> => {
  const isMeant = and(eq(syncedCalendars.connection, connection), eq(syncedCalendars.calendar, calendar));
  const [known] = await db
    .select({ isBusyOnly: syncedCalendars.isBusyOnly })
    .from(syncedCalendars)
    .where(isMeant)
    .for('key share');
  if (known?.isBusyOnly && !isBusyOnly) {
    await db.update(syncedCalendars).set({ isBusyOnly: false, isRoom: false }).where(isMeant);
  }
  if (known) return;
  const sealedCalendarId = await sealCalendarId(vault, { connection, calendar }, calendarId);
  await db
    .insert(syncedCalendars)
    .values({ organization, connection, provider, calendar, sealedCalendarId, isBusyOnly, isRoom })
    .onConflictDoNothing();
  await db.execute(sql`SELECT pg_notify(${calendarSyncChannel}, '')`);
};

/**
 * Keeps the calendar from being removed before the transaction ends. Returns the generation of its last listing of all events, 0
 * when it is not known. Rounds that store what they read are not blocked.
 */
export const keepCalendar = async (
  transaction: Pick<Database, 'select'>,
  { connection, calendar }: Pick<CalendarToName, 'connection' | 'calendar'>,
): Promise<number> => {
  const [known] = await transaction
    .select({ generation: syncedCalendars.generation })
    .from(syncedCalendars)
    .where(and(eq(syncedCalendars.connection, connection), eq(syncedCalendars.calendar, calendar)))
    .for('key share');
  return known?.generation ?? 0;
};
