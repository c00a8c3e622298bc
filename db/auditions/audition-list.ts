/**
 * Reads pages of auditions, with keyset pagination. Each query reads an index in its order, so that the cost of a page does
 * not depend on its position or on the number of auditions.
 */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionState } from '../../domain/audition/states.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { OrganizationId, ParticipantId, ProjectId, RoleId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { decodeCursor, type Page, pageOf } from '../cursor.ts';
import type { TrailTexts } from '../trail/trail-texts.ts';
import { reportedStatuses, viewWithStatuses } from './notice-statuses.ts';

/** The orders of the list. A minus sign means the latest first. */
export const auditionOrders = ['-requestedAt', 'requestedAt', '-scheduledFor', 'scheduledFor'] as const;
type AuditionOrder = (typeof auditionOrders)[number];

export interface AuditionFilter {
  /** Auditions in one of these states. Empty or undefined: in any. */
  readonly states?: readonly AuditionState[] | undefined;
  readonly project?: ProjectId | undefined;
  readonly role?: RoleId | undefined;
  /** The platform's id of a performer. */
  readonly performer?: ParticipantId | undefined;
  readonly needsAttention?: boolean | undefined;
  readonly scheduledFrom?: Instant | undefined;
  readonly scheduledUntil?: Instant | undefined;
}

export interface AuditionPage {
  readonly cursor?: string | undefined;
  readonly limit: number;
  /** Undefined: the newest request first. The orders by slot leave out auditions without a slot. */
  readonly order?: AuditionOrder | undefined;
}

const rowsSchema = z.array(z.object({ view: z.unknown(), statuses: z.unknown() }));

/**
 * Returns a page of auditions.
 * @throws {Refusal} `invalid_query` for a cursor that this service did not issue for this order.
 */
export const listAuditions = async (
  db: Database,
  texts: TrailTexts,
  organization: OrganizationId,
  { states = [], ...filter }: AuditionFilter,
  { cursor, limit, order = '-requestedAt' }: AuditionPage,
): Promise<Page<AuditionView>> => {
  const isBySlot = order.endsWith('scheduledFor');
  const listing = { ...source(filter.performer, isBySlot), isDescending: order.startsWith('-'), limit };
  const common = [
    sql`${listing.table}.organization = ${organization}`,
    ...(isBySlot ? [sql`${listing.at} IS NOT NULL`] : []),
    ...conditions(listing.table, filter),
    ...(cursor === undefined ? [] : [after(cursor, order, listing)]),
  ];
  // A performer has few auditions: one scan of them finds all states.
  const isMerged = states.length > 1 && filter.performer === undefined;
  const { rows } = await db.execute(
    isMerged
      ? merged(
          listing,
          [...new Set(states)].map((state) => select(listing, [...common, ...inStates([state])])),
        )
      : select(listing, [...common, ...inStates(states)]),
  );
  const views = rowsSchema.parse(rows).map((row) => texts.openView(viewWithStatuses(row)));
  return pageOf(
    await Promise.all(views),
    limit,
    ({ requestedAt, slot, id }) => ({ at: (isBySlot && slot?.start) || requestedAt, id, order }),
    (view) => view,
  );
};

/** What the order is read from. The performers of an audition have a table of their own, with its sort keys. */
interface Source {
  /** Has the columns `organization` and `scheduled_for`. */
  readonly table: SQL;
  readonly from: SQL;
  readonly at: SQL;
  readonly id: SQL;
}

interface Listing extends Source {
  readonly isDescending: boolean;
  readonly limit: number;
}

const source = (performer: ParticipantId | undefined, isBySlot: boolean): Source => {
  const column = sql.raw(isBySlot ? 'scheduled_for' : 'requested_at');
  const table = sql.raw(performer === undefined ? 'auditions' : 'audition_performers');
  return performer === undefined
    ? { table, from: table, at: sql`auditions.${column}`, id: sql`auditions.id` }
    : {
        table,
        from: sql`audition_performers JOIN auditions ON auditions.id = audition_performers.audition_id`,
        at: sql`audition_performers.${column}`,
        id: sql`audition_performers.audition_id`,
      };
};

const conditions = (
  table: SQL,
  { project, role, performer, needsAttention, scheduledFrom, scheduledUntil }: Omit<AuditionFilter, 'states'>,
): readonly SQL[] => [
  ...(project === undefined ? [] : [sql`auditions.project = ${project}`]),
  ...(role === undefined ? [] : [sql`auditions.role = ${role}`]),
  ...(performer === undefined ? [] : [sql`audition_performers.performer = ${performer}`]),
  ...(needsAttention === undefined ? [] : [attention(needsAttention, performer !== undefined)]),
  ...(scheduledFrom === undefined ? [] : [sql`${table}.scheduled_for >= ${scheduledFrom}`]),
  ...(scheduledUntil === undefined ? [] : [sql`${table}.scheduled_for < ${scheduledUntil}`]),
];

/** The partial index of those that need attention has the order of the list. The performer's index is read instead of it. */
const attention = (isNeeded: boolean, isOfPerformer: boolean): SQL => {
  if (isOfPerformer) return sql`auditions.needs_attention = (SELECT ${isNeeded}::boolean)`;
  return isNeeded ? sql`auditions.needs_attention` : sql`NOT auditions.needs_attention`;
};

/**
 * As a subquery, the state is no constant: the partial index of the sessions that begin now, which has all organizations, is not
 * chosen for it, and neither is an order that needs a sort.
 */
const inStates = ([first, ...more]: readonly AuditionState[]): readonly SQL[] => {
  if (first === undefined) return [];
  if (more.length === 0) return [sql`auditions.state = (SELECT ${first}::text)`];
  return [sql`auditions.state = ANY ((SELECT ${sql.param([first, ...more])}::text[])::text[])`];
};

/** The only order of earlier versions. Their cursors name none. */
const formerOrder: AuditionOrder = '-requestedAt';

const after = (cursor: string, order: AuditionOrder, { at, id, isDescending }: Listing): SQL => {
  const last = decodeCursor(cursor, order, formerOrder);
  return sql`(${at}, ${id}) ${sql.raw(isDescending ? '<' : '>')} (${last.at}::timestamptz, ${last.id})`;
};

/** One more row than the page has shows that there is another page. */
const inOrder = (at: SQL, id: SQL, { isDescending, limit }: Listing): SQL => {
  const direction = sql.raw(isDescending ? 'DESC' : 'ASC');
  return sql`ORDER BY ${at} ${direction}, ${id} ${direction} LIMIT ${limit + 1}`;
};

const select = (listing: Listing, where: readonly SQL[]): SQL => sql`
  SELECT ${listing.at} AS at, ${listing.id} AS id, auditions.view, ${reportedStatuses} AS statuses
  FROM ${listing.from} WHERE ${sql.join([...where], sql` AND `)} ${inOrder(listing.at, listing.id, listing)}`;

/** The index of the states has no order across states. PostgreSQL merges one ordered scan for each. */
const merged = (listing: Listing, queries: readonly SQL[]): SQL => sql`
  SELECT view, statuses FROM (${sql.join(
    queries.map((query) => sql`(${query})`),
    sql` UNION ALL `,
  )}) AS listed ${inOrder(sql`at`, sql`id`, listing)}`;
