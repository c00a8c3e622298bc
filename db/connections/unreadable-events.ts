/** Stores which calendars have damaged events. */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { type DamageKind, damageKinds } from '../../domain/connections/connection-problem.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { ReadStoredNames } from '../auditions/stored-names.ts';
import type { Database } from '../client.ts';
import { unreadableEvents } from '../schema/unreadable-events.ts';
import { millisecondsInterval } from '../time.ts';
import { presentUnreadableMs } from './connection-problems.ts';

export interface UnreadableEventReports {
  /**
   * Records that events of a calendar could not be read completely. A report within ten minutes of an equal one writes
   * nothing. @param faults such as `no_start: DTSTART`, never a text that a person wrote
   */
  record(report: {
    readonly connection: ConnectionId;
    readonly organization: OrganizationId;
    /** The canonical name of the calendar. */
    readonly calendarName: string;
    readonly faults: readonly string[];
  }): Promise<void>;
}

/** Creates the repository. */
export const createUnreadableEventReports = (
  db: Database,
  storedNames: ReadStoredNames,
): UnreadableEventReports => ({
  async record({ connection, organization, calendarName, faults }) {
    const key = { connection, calendar: (await storedNames()).calendar(calendarName) };
    await upsert(db, key, sql`${organization}`, faults, {
      unlessEqualWithin: sql`interval '10 minutes'`,
    });
  },
});

/** As in `CalendarKey`. */
interface DamagedCalendar {
  readonly connection: ConnectionId;
  readonly calendar: string;
}

type Transaction = Pick<Database, 'execute' | 'delete'>;

/** Records what a listing of a synchronized calendar could not read, in the transaction that stores its page. */
export const recordDamage = (
  transaction: Transaction,
  key: DamagedCalendar,
  faults: readonly string[],
): Promise<void> =>
  upsert(
    transaction,
    key,
    sql`(SELECT organization FROM synced_calendars WHERE connection = ${key.connection} AND calendar = ${key.calendar})`,
    faults,
    {},
  );

/**
 * Forgets the damage that a listing of all events has not found: it was repaired. Call it at the end of the listing, in the
 * transaction that stores its last page.
 */
export const forgetRepairedDamage = async (
  transaction: Transaction,
  { connection, calendar }: DamagedCalendar,
): Promise<void> => {
  await transaction.execute(sql`
    DELETE FROM unreadable_events USING synced_calendars AS synced
    WHERE unreadable_events.connection = ${connection} AND unreadable_events.calendar = ${calendar}
      AND synced.connection = ${connection} AND synced.calendar = ${calendar}
      AND unreadable_events.last_seen_at < synced.listing_began_at
  `);
};

/** Forgets the damage of a calendar that is no longer read, or of all calendars of the connection. Idempotent. */
export const forgetDamage = async (
  transaction: Pick<Database, 'delete'>,
  { connection, calendar }: Pick<DamagedCalendar, 'connection'> & Partial<DamagedCalendar>,
): Promise<void> => {
  await transaction
    .delete(unreadableEvents)
    .where(
      and(
        eq(unreadableEvents.connection, connection),
        calendar === undefined ? undefined : eq(unreadableEvents.calendar, calendar),
      ),
    );
};

const kindOf = (fault: string): DamageKind =>
  fault.startsWith('too_many_occurrences') ? 'events_too_frequent' : 'events_unreadable';

/** How the fault begins that tells about events without a name (`calendars/unnamed-events.ts`). */
export const unnamedPrefix = 'unnamed_events: ';

/** A calendar that is not synchronized is read by chance: after a while, an earlier report is another damage. */
const upsert = async (
  db: Pick<Database, 'execute'>,
  { connection, calendar }: DamagedCalendar,
  organization: SQL,
  faults: readonly string[],
  { unlessEqualWithin }: { readonly unlessEqualWithin?: SQL },
): Promise<void> => {
  const now = sql`date_trunc('milliseconds', now())`;
  const isOver = sql`(known.last_seen_at < now() - ${millisecondsInterval(presentUnreadableMs)} AND NOT EXISTS (
    SELECT FROM synced_calendars WHERE connection = ${connection} AND calendar = ${calendar}
  ))`;
  // What a listing has noted about events without a name stays until a listing ends.
  const found = sql`excluded.faults || ARRAY(SELECT fault FROM unnest(known.faults) AS fault WHERE starts_with(fault, ${unnamedPrefix}))`;
  const isNews = unlessEqualWithin
    ? sql`known.last_seen_at < now() - ${unlessEqualWithin} OR known.faults IS DISTINCT FROM (${found})`
    : sql`true`;
  for (const kind of damageKinds) {
    const ofKind = faults.filter((fault) => kindOf(fault) === kind);
    if (ofKind.length === 0) continue;
    await db.execute(sql`
      INSERT INTO unreadable_events AS known
        (connection, calendar, kind, organization, faults, first_seen_at, last_seen_at)
      VALUES (${connection}, ${calendar}, ${kind}, ${organization}, ${sql.param([...ofKind])}::text[], ${now}, ${now})
      ON CONFLICT (connection, calendar, kind) DO UPDATE SET faults = ${found},
        last_seen_at = excluded.last_seen_at,
        first_seen_at = CASE WHEN ${isOver} THEN excluded.first_seen_at ELSE known.first_seen_at END
      WHERE ${isNews}
    `);
  }
};
