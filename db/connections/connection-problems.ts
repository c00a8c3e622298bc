/** Reads what keeps connections from working: their status, their calendars, and damaged events. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionProblem,
  connectionProblemKinds,
} from '../../domain/connections/connection-problem.ts';
import { unreadableAnswer } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { day } from '../../domain/time/units.ts';
import type { Database } from '../client.ts';
import { instantFromDatabase, millisecondsInterval } from '../time.ts';

export interface ConnectionProblems {
  /** Returns the present problems of these connections, the oldest first. */
  list(connections: readonly ConnectionId[]): Promise<ReadonlyMap<string, readonly ConnectionProblem[]>>;
}

/**
 * How long a report of damaged events counts in a calendar that is not synchronized: it is read when somebody looks for a free
 * time. A synchronized calendar has its damage until a listing of all events does not find it. In milliseconds.
 */
export const presentUnreadableMs = 2 * day;

/**
 * Selects the problems of all connections: `connection`, `kind`, `since`, and `calendar` or null. An account that must be
 * connected again has no other problem: until then its calendars are not read.
 */
export const problemRows: SQL = sql`
  SELECT id AS connection, 'reconnect' AS kind, coalesce(reauthorization_since, updated_at) AS since,
    NULL::text AS calendar
  FROM connections WHERE status = 'needs_reauthorization'
  UNION ALL
  SELECT id, CASE synced.error
      WHEN 'not_found' THEN 'calendar_not_found'
      WHEN 'not_permitted' THEN 'calendar_not_permitted'
      WHEN 'rejected_input' THEN 'calendar_rejected'
      ELSE CASE WHEN synced.state = 'unavailable' AND synced.error = ${unreadableAnswer}
        THEN 'calendar_unreadable' ELSE 'calendar_unavailable' END END,
    coalesce(synced.error_since, synced.synced_at, synced.created_at), synced.calendar
  FROM connections JOIN synced_calendars AS synced ON synced.connection = id
  WHERE status = 'connected' AND synced.error IS NOT NULL
  UNION ALL
  SELECT id, unreadable.kind, unreadable.first_seen_at, unreadable.calendar
  FROM connections JOIN unreadable_events AS unreadable ON unreadable.connection = id
  WHERE status = 'connected' AND (
    unreadable.last_seen_at > now() - ${millisecondsInterval(presentUnreadableMs)} OR EXISTS (
      SELECT FROM synced_calendars AS read
      WHERE read.connection = unreadable.connection AND read.calendar = unreadable.calendar
    )
  )
`;

const problemSchema = z
  .object({
    connection: z.string(),
    kind: z.enum(connectionProblemKinds),
    since: instantFromDatabase,
    calendar: z.string().nullable(),
  })
  .transform(({ calendar, ...problem }) => ({ ...problem, calendar: calendar ?? undefined }));

/** Creates the repository. */
export const createConnectionProblems = (db: Database): ConnectionProblems => ({
  async list(connections) {
    if (connections.length === 0) return new Map();
    const { rows } = await db.execute(sql`
      SELECT * FROM (${problemRows}) AS problem
      WHERE connection = ANY(${sql.param([...connections])}::text[]) ORDER BY since, kind, calendar
    `);
    return Map.groupBy(z.array(problemSchema).parse(rows), ({ connection }) => connection);
  },
});
