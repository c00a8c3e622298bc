/** Reads what waits at a provider until a person, or the next attempt, puts it right. Counts only: no ids and no personal data. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionProblemKind,
  connectionProblemKinds,
} from '../../domain/connections/connection-problem.ts';
import { transientKinds } from '../../domain/errors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { problemRows } from '../connections/connection-problems.ts';
import { instantFromDatabase } from '../time.ts';

/** Connected accounts with the same problem, such as a calendar that cannot be read. */
interface ConnectionsWithProblem {
  readonly kind: ConnectionProblemKind;
  readonly connections: number;
  /** Since when the one that has had it longest has it. */
  readonly since: Instant;
}

export interface WaitingWork {
  /** Accounts that must be connected again are not among them. */
  readonly problems: readonly ConnectionsWithProblem[];
  /** Grants of disconnected accounts that are not revoked at the provider yet. */
  readonly revocations: { readonly pending: number; readonly oldestSince: Instant | undefined };
  /** Organizations whose messages the provider does not accept from us. */
  readonly refusedSenders: number;
  /** Calendars whose subscription the provider refuses for a reason that does not end by itself. They are polled. */
  readonly refusedSubscriptions: number;
}

const count = z.coerce.number();
const problemSchema = z.object({
  kind: z.enum(connectionProblemKinds),
  connections: count,
  since: instantFromDatabase,
});
const countsSchema = z.object({
  pending_revocations: count,
  oldest_revocation: instantFromDatabase.nullable(),
  refused_senders: count,
  refused_subscriptions: count,
});

/** Returns what waits at the provider. */
export const readWaitingWork = async (db: Database, provider: string): Promise<WaitingWork> => {
  // Another connection has the subscription, and its notifications count for this one. Or the vendor has none for the calendar.
  const needNoAction = sql.param([...transientKinds, 'other_connection', 'not_supported']);
  const [problems, counts] = await Promise.all([
    db.execute(sql`
      SELECT problem.kind, count(DISTINCT problem.connection) AS connections, min(problem.since) AS since
      FROM (${problemRows}) AS problem JOIN connections ON connections.id = problem.connection
      WHERE connections.provider = ${provider} AND problem.kind <> 'reconnect'
      GROUP BY problem.kind ORDER BY since, problem.kind
    `),
    db.execute(sql`
      SELECT revocations.*,
        (SELECT count(*) FROM sender_alerts WHERE sender = ${provider} AND expires_at > now()) AS refused_senders,
        (SELECT count(*) FROM synced_calendars AS synced JOIN connections ON connections.id = synced.connection
         WHERE synced.provider = ${provider} AND connections.status = 'connected'
           AND synced.push_error IS NOT NULL AND synced.push_error <> ALL(${needNoAction}::text[])
        ) AS refused_subscriptions
      FROM (SELECT count(*) AS pending_revocations, min(created_at) AS oldest_revocation
            FROM pending_revocations WHERE provider = ${provider} AND revoked_at IS NULL) AS revocations
    `),
  ]);
  const row = countsSchema.parse(counts.rows[0]);
  return {
    problems: z.array(problemSchema).parse(problems.rows),
    revocations: { pending: row.pending_revocations, oldestSince: row.oldest_revocation ?? undefined },
    refusedSenders: row.refused_senders,
    refusedSubscriptions: row.refused_subscriptions,
  };
};
