/**
 * Stores which calendars count as busy for the participants of an audition, and for its room, and registers them for
 * synchronisation.
 */
import { and, eq, type SQL } from 'drizzle-orm';
import { roomUser } from '../../domain/audition/room-booking.ts';
import type { AuditionId, ConnectionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import type { SynchronizedCalendarName } from '../../domain/providers/vendors.ts';
import { auditionDataKey } from '../../domain/workflow-ids.ts';
import { nameWhenSealed } from '../auditions/former-names.ts';
import type { ReadStoredNames } from '../auditions/stored-names.ts';
import type { Database } from '../client.ts';
import { busyCalendars } from '../schema/busy-calendars.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { ifReadable } from './calendar-id.ts';
import { registerCalendar } from './registered-calendars.ts';
import type { CalendarKey } from './sync-progress.ts';

interface BusyCalendar {
  /** `roomUser`: the calendar is that of the room, and only its busy times are read. */
  readonly participant: ParticipantId | typeof roomUser;
  readonly connection: ConnectionId;
  readonly provider: SynchronizedCalendarName;
  readonly calendarId: string;
  /** The canonical name of the calendar. */
  readonly calendarName: string;
  /** Whether it is the main calendar of the participant, to which nothing can be written. */
  readonly isOwn?: boolean;
}

interface Owner {
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
}

export interface BusyCalendars {
  /** Replaces the calendars of the audition. Idempotent. */
  replace(of: Owner, calendars: readonly BusyCalendar[]): Promise<void>;
  /** Replaces the calendar of the room, and keeps the others. Changes nothing when it is this one. Idempotent. */
  replaceRoom(of: Owner, room: BusyCalendar & { readonly participant: typeof roomUser }): Promise<void>;
  /** Returns the id of a calendar that counts as busy for an audition; undefined when no audition has it. @throws {UnknownKey} */
  findCalendarId(key: CalendarKey): Promise<string | undefined>;
}

type RowKey = CalendarKey & { readonly auditionId: string; readonly participant: string };

const contextOf = ({ auditionId, participant, connection, calendar }: RowKey): string =>
  `busy_calendars ${auditionId} ${participant} ${connection} ${calendar}`;

/** Creates the repository. */
export const createBusyCalendars = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
  storedNames: ReadStoredNames,
): BusyCalendars => {
  /** Replaces the rows, and registers the calendars. */
  const store = async (
    { organization, auditionId }: Owner,
    calendars: readonly BusyCalendar[],
    replaced: SQL | undefined,
  ): Promise<void> => {
    const names = await storedNames();
    const dataKey = auditionDataKey(auditionId);
    const rows = await Promise.all(
      calendars.map(async ({ participant, connection, calendarId, calendarName, isOwn = false }) => {
        const key = { auditionId, participant, connection, calendar: names.calendar(calendarName) };
        const sealedCalendarId = await vault.seal(dataKey, calendarId, contextOf(key));
        return { ...key, isOwn, dataKey, sealedCalendarId };
      }),
    );
    await db.transaction(async (transaction) => {
      await transaction.delete(busyCalendars).where(replaced);
      if (rows.length > 0) await transaction.insert(busyCalendars).values(rows).onConflictDoNothing();
    });
    // After the use is stored: the synchronisation forgets a calendar without one.
    for (const { participant, connection, provider, calendarId, calendarName } of calendars) {
      const calendar = names.calendar(calendarName);
      await registerCalendar(db, vault, {
        organization,
        connection,
        provider,
        calendarId,
        calendar,
        isBusyOnly: true,
        isRoom: participant === roomUser,
      });
    }
  };

  return {
    async replace(of, calendars) {
      await store(of, calendars, eq(busyCalendars.auditionId, of.auditionId));
    },

    async replaceRoom(of, room) {
      const ofRoom = and(
        eq(busyCalendars.auditionId, of.auditionId),
        eq(busyCalendars.participant, room.participant),
      );
      const known = await db.select().from(busyCalendars).where(ofRoom);
      const calendar = (await storedNames()).calendar(room.calendarName);
      const isSame = known.every((row) => row.calendar === calendar && row.connection === room.connection);
      if (known.length > 0 && isSame) return;
      await store(of, [room], ofRoom);
    },

    async findCalendarId({ connection, calendar }) {
      const rows = await db
        .select()
        .from(busyCalendars)
        .where(and(eq(busyCalendars.connection, connection), eq(busyCalendars.calendar, calendar)));
      for (const row of rows) {
        const { auditionId, participant, dataKey, sealedCalendarId: sealed } = row;
        if (dataKey === null || sealed === null) continue;
        const calendarId = await ifReadable(async () => {
          const key = { auditionId, participant, connection, calendar: await nameWhenSealed(vault, row) };
          return vault.open(dataKey, sealed, contextOf(key));
        });
        if (calendarId !== undefined) return calendarId;
      }
      return undefined;
    },
  };
};
