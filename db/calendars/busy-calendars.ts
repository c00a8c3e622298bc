/** Stores which calendars count as busy for the participants of an audition, and registers them for synchronisation. */
import { eq } from 'drizzle-orm';
import type { AuditionId, ConnectionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import type { SynchronizedCalendarName } from '../../domain/providers/vendors.ts';
import { storedCalendar } from '../auditions/resources.ts';
import type { Database } from '../client.ts';
import { busyCalendars } from '../schema/busy-calendars.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { registerCalendar } from './registered-calendars.ts';

interface BusyCalendar {
  readonly participant: ParticipantId;
  readonly connection: ConnectionId;
  readonly provider: SynchronizedCalendarName;
  readonly calendarId: string;
  /** The canonical name of the calendar. */
  readonly calendarName: string;
}

export interface BusyCalendars {
  /** Replaces the calendars of the audition. Idempotent. */
  replace(
    of: { readonly organization: OrganizationId; readonly auditionId: AuditionId },
    calendars: readonly BusyCalendar[],
  ): Promise<void>;
}

/** Creates the repository. */
export const createBusyCalendars = (db: Database, vault: Pick<Vault, 'seal'>): BusyCalendars => ({
  async replace({ organization, auditionId }, calendars) {
    const rows = calendars.map(({ participant, connection, calendarName }) => ({
      auditionId,
      participant,
      connection,
      calendar: storedCalendar(calendarName),
    }));
    await db.transaction(async (transaction) => {
      await transaction.delete(busyCalendars).where(eq(busyCalendars.auditionId, auditionId));
      if (rows.length > 0) await transaction.insert(busyCalendars).values(rows).onConflictDoNothing();
    });
    // After the use is stored: the synchronisation forgets a calendar without one.
    for (const { connection, provider, calendarId, calendarName } of calendars) {
      const calendar = storedCalendar(calendarName);
      await registerCalendar(db, vault, {
        organization,
        connection,
        provider,
        calendarId,
        calendar,
        isBusyOnly: true,
      });
    }
  },
});
