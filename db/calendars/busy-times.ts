/**
 * Stores when calendars are busy whose events cannot be read, and finds the times that can be those of our own events: a busy
 * time does not say what it is.
 */
import { and, eq, sql } from 'drizzle-orm';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { BusyKind } from '../../domain/calendars/busy-kind.ts';
import type { HiddenKind } from '../../domain/calendars/seen-as.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { rangeSchema } from '../auditions/resources.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { syncedCalendars } from '../schema/synced-calendars.ts';
import { storableInstant } from '../time.ts';
import { failingSince } from './failing-since.ts';
import type { NearbyEvent } from './participant-conflicts.ts';
import type { CalendarKey } from './sync-progress.ts';

interface BusyTime extends TimeRange {
  readonly kind: HiddenKind;
  readonly busy: BusyKind;
}

interface BusyReading {
  /** The number of the reading. */
  readonly reading: number;
  readonly times: readonly BusyTime[];
  /** Whether the vendor has just refused to list the events. */
  readonly isDenied: boolean;
}

/** A calendar that is compared with the slot of an audition. */
type ComparedCalendar = Pick<NearbyEvent, 'connection' | 'calendar' | 'isBusyOnly'> & {
  readonly auditionId: AuditionId;
  /** Whether the calendar is compared as that of the room. */
  readonly isRoom: boolean;
};

export interface BusyTimes {
  /**
   * Begins a reading. Returns its number. Call it before the vendor is asked. A listing that is under way ends: its pages have an
   * earlier number, so the last page would remove the events of the pages before. The next listing of all events begins anew; one
   * of changes begins at its cursor.
   */
  begin(key: CalendarKey): Promise<number>;
  /**
   * Replaces what is stored of the calendar by the busy times. Events of ours stay as they are: nothing says that they are
   * gone. Where a listing of the events continues is forgotten, so the next one is a listing of all events. A calendar to which
   * events are written keeps the problem that its events are hidden. Returns false, and stores nothing, when a later reading has
   * begun.
   */
  store(key: CalendarKey, reading: BusyReading): Promise<boolean>;
  /**
   * Returns the times at which events of ours are, or can be, in the calendar: the event of the audition, written through
   * whichever connection, and the holds of a calendar that is written or is that of a room. In a calendar that only counts as
   * busy, events of other auditions count as busy. Where names do not tell whether two connections see one calendar, the
   * event of the audition can be in it.
   */
  listOwn(compared: ComparedCalendar): Promise<readonly TimeRange[]>;
}

/** Creates the repository. */
export const createBusyTimes = (db: Database): BusyTimes => ({
  async begin(key) {
    const [row] = await db
      .update(syncedCalendars)
      .set({ generation: sql`${syncedCalendars.generation} + 1`, page: null, listedSince: null })
      .where(of(key))
      .returning({ reading: syncedCalendars.generation });
    if (!row) throw new Error(`the calendar ${key.calendar} of ${key.connection} is not synchronized`);
    return row.reading;
  },

  store: (key, { reading, times, isDenied }) =>
    db.transaction(async (transaction) => {
      const moved = await transaction
        .update(syncedCalendars)
        .set({
          state: 'in_sync',
          cursor: null,
          page: null,
          listedSince: null,
          listedCount: times.length,
          ...hiddenColumns,
          pushError: null,
          syncedAt: sql`now()`,
          ...(isDenied ? { eventsDeniedAt: sql`date_trunc('milliseconds', now())` } : {}),
        })
        .where(and(of(key), eq(syncedCalendars.generation, reading)))
        .returning({ calendar: syncedCalendars.calendar });
      if (moved.length === 0) return false;
      const { connection, calendar } = key;
      await transaction.execute(sql`
        DELETE FROM synced_events
        WHERE connection = ${connection} AND calendar = ${calendar} AND audition_id IS NULL
      `);
      await transaction.execute(sql`
        INSERT INTO synced_events (
          connection, calendar, event_id, starts_at, ends_at, zone, is_all_day, busy, seen_as, generation
        )
        SELECT ${connection}, ${calendar}, id, start, "end", 'UTC', false, busy, kind, ${reading}::int
        FROM json_to_recordset(${JSON.stringify(times.map(identified))}::json) AS read (
          id text, start timestamptz, "end" timestamptz, busy text, kind text
        )
      `);
      return true;
    }),

  async listOwn({ auditionId, connection, calendar, isBusyOnly, isRoom }) {
    const { rows } = await db.execute(sql`
      WITH compared AS (
        SELECT provider FROM synced_calendars WHERE connection = ${connection} AND calendar = ${calendar}
      ), ours AS (
        SELECT starts_at, ends_at, written_start, written_end FROM synced_events
        WHERE audition_id = ${auditionId} AND NOT is_removed AND (
          (calendar = ${calendar} AND NOT ${isRoom}::boolean)
          OR (room_calendar = ${calendar} AND ${isRoom}::boolean)
          OR (NOT ${isRoom}::boolean AND EXISTS (
            SELECT FROM compared JOIN synced_calendars AS written USING (provider)
            WHERE compared.provider IN ('apple', 'microsoft')
              AND written.connection = synced_events.connection AND written.calendar = synced_events.calendar
          ))
        )
      )
      SELECT starts_at AS start, ends_at AS end FROM ours
      UNION
      SELECT written_start, written_end FROM ours WHERE written_start IS NOT NULL
      UNION
      SELECT lower(during), upper(during) FROM slot_holds
      WHERE scope = '' AND resource = ${calendar} AND NOT ${isBusyOnly}::boolean
      ORDER BY 1, 2
    `);
    return rows.map((row) => rangeSchema.parse(row));
  },
});

const of = ({ connection, calendar }: CalendarKey) =>
  and(eq(syncedCalendars.connection, connection), eq(syncedCalendars.calendar, calendar));

/** This service does not notice changes of its events in a hidden calendar. Other calendars need no more than the busy times. */
const hiddenColumns = (() => {
  const { isBusyOnly, isRoom } = syncedCalendars;
  const isWritten = sql`NOT ${isBusyOnly} AND NOT ${isRoom}`;
  return {
    error: sql`CASE WHEN ${isWritten} THEN 'not_permitted' END`,
    errorSince: sql`CASE WHEN ${isWritten} THEN ${failingSince('not_permitted')} END`,
  };
})();

/** Two events can have one time, so the id contains a number. */
const identified = (time: BusyTime, index: number, all: readonly BusyTime[]) => {
  const { start, end, kind, busy } = time;
  const earlier = all.slice(0, index).filter((other) => other.start === start && other.end === end).length;
  const id = sha256(`${start} ${end} ${earlier}`);
  return { id, start: storableInstant(start), end: storableInstant(end), kind, busy };
};
