/**
 * Follows the failures of connections, from the first problem until none is left, and which of their reports are due. The
 * platform is notified once when a failure has lasted for some time, and once when it is over.
 */
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { connectionProblemKinds, failureEndings } from '../../domain/connections/connection-problem.ts';
import { connectionIdSchema, organizationIdSchema } from '../../domain/ids.ts';
import { connectionProviders } from '../../domain/providers/vendors.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import { day, minute } from '../../domain/time/units.ts';
import type { Database } from '../client.ts';
import { connectionFailures, type failureStates } from '../schema/connection-failures.ts';
import { connections } from '../schema/connections.ts';
import { millisecondsInterval } from '../time.ts';
import { problemRows } from './connection-problems.ts';

export type FailureReport = z.infer<typeof reportSchema>;

export interface ConnectionFailures {
  /**
   * Begins a failure for each connection that has had a problem long enough, and ends those without a problem. Idempotent.
   * A failure whose beginning was not reported yet does not end.
   */
  update(): Promise<void>;
  /** Returns failures whose beginning or end must be reported, the longest failing first. */
  listDue(limit: number): Promise<readonly FailureReport[]>;
  /** Records that the report was sent to all endpoints. Idempotent. */
  markReported(report: Pick<FailureReport, 'connection' | 'episode' | 'state'>): Promise<void>;
}

/** Shorter problems end by themselves. Two polls of calendars without notifications fit into it. In milliseconds. */
const patienceMs = 15 * minute;
/**
 * For what ends without the owner: servers of feeds deny access during maintenance, and a vendor that is down fails for all its
 * connections. In milliseconds.
 */
const longPatienceMs = day;

const reportSchema = z
  .object({
    connection: connectionIdSchema,
    organization: organizationIdSchema,
    provider: z.enum(connectionProviders),
    owner: z.string().nullable(),
    episode: z.int(),
    state: z.enum(['beginning', 'ending']),
    problems: z.array(z.object({ kind: z.enum(connectionProblemKinds), since: instantSchema })),
    failingSince: instantSchema,
    endedAt: instantSchema.nullable(),
    ending: z.enum(failureEndings).nullable(),
  })
  .transform(({ owner, endedAt, ending, ...report }) => ({
    ...report,
    owner: owner ?? undefined,
    endedAt: endedAt ?? undefined,
    ending: ending ?? undefined,
  }));

const reportedStates = { beginning: 'reported', ending: 'ended' } as const satisfies Readonly<
  Record<FailureReport['state'], (typeof failureStates)[number]>
>;

/** Creates the repository. */
export const createConnectionFailures = (db: Database): ConnectionFailures => ({
  async update() {
    await begin(db);
    await follow(db);
    await end(db);
  },

  async listDue(limit) {
    const failure = connectionFailures;
    const rows = await db
      .select({
        connection: failure.connection,
        organization: failure.organization,
        provider: connections.provider,
        owner: connections.owner,
        episode: failure.episode,
        state: failure.state,
        problems: failure.problems,
        failingSince: failure.failingSince,
        endedAt: failure.endedAt,
        ending: failure.ending,
      })
      .from(failure)
      .innerJoin(connections, eq(connections.id, failure.connection))
      .where(inArray(failure.state, ['beginning', 'ending']))
      .orderBy(asc(failure.failingSince), asc(failure.connection))
      .limit(limit);
    return rows.map((row) => reportSchema.parse(row));
  },

  async markReported({ connection, episode, state }) {
    const { connection: id, episode: number, state: present } = connectionFailures;
    await db
      .update(connectionFailures)
      .set({ state: reportedStates[state] })
      .where(and(eq(id, connection), eq(number, episode), eq(present, state)));
  },
});

/** The problems are stored with the failure: a report that is repeated after a crash must say the same. */
const begin = async (db: Database): Promise<void> => {
  await db.execute(sql`
    INSERT INTO connection_failures AS failure (connection, organization, problems, calendars, failing_since)
    SELECT connections.id, connections.organization,
      jsonb_agg(jsonb_build_object(
        'kind', problem.kind,
        'since', to_char(problem.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      ) ORDER BY problem.since, problem.kind),
      coalesce(array_agg(problem.calendar) FILTER (WHERE problem.calendar IS NOT NULL), '{}'),
      date_trunc('milliseconds', min(problem.since))
    FROM (${problemRows}) AS problem JOIN connections ON connections.id = problem.connection
    GROUP BY connections.id
    HAVING bool_or(problem.since < now() - CASE
      WHEN problem.kind = 'reconnect' AND connections.provider = 'ics' THEN ${millisecondsInterval(longPatienceMs)}
      WHEN problem.kind IN ('calendar_unavailable', 'calendar_unreadable') THEN ${millisecondsInterval(longPatienceMs)}
      ELSE ${millisecondsInterval(patienceMs)} END)
    ON CONFLICT (connection) DO UPDATE SET episode = failure.episode + 1, state = 'beginning',
      problems = excluded.problems, calendars = excluded.calendars, failing_since = excluded.failing_since,
      ended_at = NULL, ending = NULL
    WHERE failure.state = 'ended'
  `);
};

/**
 * Updates which calendars of a failure have a problem, or are no longer read: they have not recovered. Those of an account that
 * must be connected again are not read at present.
 */
const follow = async (db: Database): Promise<void> => {
  await db.execute(sql`
    UPDATE connection_failures AS failure SET calendars = found.calendars
    FROM (
      SELECT following.connection, coalesce(array_agg(DISTINCT failing.calendar ORDER BY failing.calendar)
        FILTER (WHERE failing.calendar IS NOT NULL), '{}') AS calendars
      FROM connection_failures AS following LEFT JOIN LATERAL (
        SELECT problem.calendar FROM (${problemRows}) AS problem WHERE problem.connection = following.connection
        UNION ALL
        SELECT known.calendar FROM unnest(following.calendars) AS known (calendar)
        JOIN connections ON connections.id = following.connection
        WHERE connections.status <> 'connected' OR NOT EXISTS (
          SELECT FROM synced_calendars AS synced
          WHERE synced.connection = following.connection AND synced.calendar = known.calendar
        )
      ) AS failing ON true
      WHERE following.state = 'reported'
      GROUP BY following.connection
    ) AS found
    WHERE failure.connection = found.connection AND failure.state = 'reported'
      AND failure.calendars IS DISTINCT FROM found.calendars
  `);
};

const end = async (db: Database): Promise<void> => {
  await db.execute(sql`
    UPDATE connection_failures AS failure SET state = 'ending', ended_at = date_trunc('milliseconds', now()),
      ending = CASE
        WHEN connections.status = 'disconnected' THEN 'disconnected'
        WHEN cardinality(failure.calendars) > 0 THEN 'unused'
        ELSE 'recovered' END
    FROM connections
    WHERE connections.id = failure.connection AND failure.state = 'reported'
      AND NOT EXISTS (SELECT FROM (${problemRows}) AS problem WHERE problem.connection = failure.connection)
  `);
};
