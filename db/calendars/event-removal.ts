/** Removes stored events that a calendar does not have any more. */
import { type SQL, sql } from 'drizzle-orm';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import type { EventToStore, PageToStore } from './page-to-store.ts';
import type { CalendarKey, SyncProgress } from './sync-progress.ts';

type Transaction = Pick<Database, 'execute'>;

/** Removes the events that a page reports as deleted, except those that it could not read. */
export const removeEvents = async (
  transaction: Transaction,
  { connection, calendar }: SyncProgress,
  events: readonly EventToStore[],
  { reportedAt, kept }: { readonly reportedAt: Instant; readonly kept: readonly string[] },
): Promise<void> => {
  const removed = events.filter(({ event }) => !event);
  if (removed.length === 0) return;
  const isKept = sql`event_id = ANY(${sql.param([...kept])}::text[])`;
  const ids = sql.param(removed.map(({ id }) => id));
  const series = sql.param(removed.map((event) => event.series ?? null));
  // An event that belongs to another series by now is not the one that was deleted.
  await remove(
    transaction,
    { connection, calendar },
    sql`event_id = ANY(${ids}::text[]) AND NOT ${isKept} AND EXISTS (
      SELECT FROM unnest(${ids}::text[], ${series}::text[]) AS gone (id, series)
      WHERE gone.id = event_id AND coalesce(gone.series = synced_events.series, true)
    )`,
    { reportedAt },
  );
  await remove(transaction, { connection, calendar }, sql`series = ANY(${ids}::text[]) AND NOT ${isKept}`, {
    reportedAt,
  });
};

/** Removes the events of whole series that are not in the page. */
export const removeMissing = async (
  transaction: Transaction,
  key: CalendarKey,
  { wholeSeries = [], requestedAt }: PageToStore,
  events: readonly EventToStore[],
): Promise<void> => {
  if (wholeSeries.length === 0) return;
  const present = events.filter(({ event }) => event).map(({ id }) => id);
  const isMissing = sql`series = ANY(${sql.param(wholeSeries)}::text[]) AND NOT event_id = ANY(${sql.param(present)}::text[])`;
  await remove(transaction, key, isMissing, { reportedAt: requestedAt });
};

/**
 * Events that were over before the listing began, or begin after its end, are not listed. One that was last listed before the
 * calendar had an event without a name can be that event.
 */
export const removeUnlisted = (
  transaction: Transaction,
  { connection, calendar, generation }: SyncProgress,
  {
    from,
    until,
    unnamedSince,
  }: {
    readonly from: Instant;
    readonly until: Instant | undefined;
    readonly unnamedSince: number | undefined;
  },
): Promise<void> =>
  remove(
    transaction,
    { connection, calendar },
    sql`generation < ${generation} AND generation >= ${unnamedSince ?? 0}
      AND ends_at > ${from} AND starts_at < ${until ?? 'infinity'}`,
    { reportedAt: undefined },
  );

/**
 * Deletes events. Those of ours stay as removed, so that the audition is asked.
 * @param reportedAt when the page was requested that says so. Then the calendar has had the event, and our write has reached
 * it. Undefined: the event was only not listed.
 */
const remove = async (
  transaction: Transaction,
  { connection, calendar }: CalendarKey,
  which: SQL,
  { reportedAt }: { readonly reportedAt: Instant | undefined },
): Promise<void> => {
  const inCalendar = sql`connection = ${connection} AND calendar = ${calendar}`;
  await transaction.execute(sql`
    DELETE FROM synced_events WHERE ${inCalendar} AND ${which} AND audition_id IS NULL
  `);
  await transaction.execute(sql`
    UPDATE synced_events SET is_removed = true, is_checked = false, change = change + 1,
      removed_at = ${reportedAt ?? null}::timestamptz,
      read_revision = CASE WHEN ${reportedAt !== undefined}::boolean THEN greatest(read_revision, written_revision)
        ELSE read_revision END
    WHERE ${inCalendar} AND ${which} AND audition_id IS NOT NULL AND NOT is_removed
  `);
};
