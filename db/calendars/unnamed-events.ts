/**
 * Remembers since which listing a calendar has events without a name that cannot be read. Such an event can be any that was
 * listed before and is missing since. An event that was listed beside it is another one: when that is missing later, it was
 * deleted.
 *
 * It is kept beside the damage of the calendar, in `unreadable_events.faults`, and ends with it.
 */
import { and, eq, sql } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { unnamedPrefix } from '../connections/unreadable-events.ts';
import { unreadableEvents } from '../schema/unreadable-events.ts';
import type { SyncProgress } from './sync-progress.ts';

type Transaction = Pick<Database, 'select' | 'update'>;

interface Unnamed {
  /** How many they were in the last listing. */
  readonly count: number;
  /** The first generation that contains them. Events of earlier ones can be among them. */
  readonly since: number;
  /** The last generation that contains them. */
  readonly seen: number;
}

/**
 * Notes the events without a name of a page, after its damage was recorded. Call it in the transaction that stores the page: it
 * holds the lock of the calendar.
 */
export const noteUnnamed = async (
  transaction: Transaction,
  at: SyncProgress,
  count: number,
): Promise<void> => {
  if (count === 0) return;
  const { generation, position } = at;
  const { unnamed: known, faults } = await readUnnamed(transaction, at);
  // An event that a listing of changes contains was part of the last listing of all events until then.
  const begins = position.kind === 'all' ? generation : generation + 1;
  const isSameListing = known?.seen === generation;
  const isMore = known === undefined || (!isSameListing && count > known.count);
  const next: Unnamed = {
    count: isSameListing ? Math.max(count, known.count) : count,
    since: isMore ? begins : known.since,
    seen: generation,
  };
  await writeFaults(transaction, at, [...faults, textOf(next)]);
};

/**
 * Ends a listing of all events. Returns the first generation with events without a name, if the listing has contained some.
 * Otherwise, forgets them.
 */
export const endUnnamed = async (transaction: Transaction, at: SyncProgress): Promise<number | undefined> => {
  const { unnamed, faults } = await readUnnamed(transaction, at);
  if (unnamed === undefined || unnamed.seen === at.generation) return unnamed?.since;
  await writeFaults(transaction, at, faults);
  return undefined;
};

const textOf = ({ count, since, seen }: Unnamed): string =>
  `${unnamedPrefix}${count} since ${since} until ${seen}`;

const unnamedOf = (fault: string): Unnamed | undefined => {
  const [, count, since, seen] = /: (\d+) since (\d+) until (\d+)$/.exec(fault) ?? [];
  return count === undefined ? undefined : { count: Number(count), since: Number(since), seen: Number(seen) };
};

const damageOf = ({ connection, calendar }: SyncProgress) =>
  and(
    eq(unreadableEvents.connection, connection),
    eq(unreadableEvents.calendar, calendar),
    eq(unreadableEvents.kind, 'events_unreadable'),
  );

/** Returns the other faults too. */
const readUnnamed = async (transaction: Transaction, at: SyncProgress) => {
  const [row] = await transaction
    .select({ faults: unreadableEvents.faults })
    .from(unreadableEvents)
    .where(damageOf(at));
  const faults = row?.faults ?? [];
  const fault = faults.find((text) => text.startsWith(unnamedPrefix));
  return {
    unnamed: fault === undefined ? undefined : unnamedOf(fault),
    faults: faults.filter((text) => !text.startsWith(unnamedPrefix)),
  };
};

const writeFaults = async (
  transaction: Transaction,
  at: SyncProgress,
  faults: readonly string[],
): Promise<void> => {
  await transaction
    .update(unreadableEvents)
    .set({ faults: sql`${sql.param([...faults])}::text[]` })
    .where(damageOf(at));
};
