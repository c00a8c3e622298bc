/** Finds calendar feeds that have been failing for long. Their owners cannot be asked by email: a feed has no address for it. */
import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { connectionIdSchema, organizationIdSchema, participantIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Database } from '../client.ts';
import { connections } from '../schema/connections.ts';
import { millisecondsInterval } from '../time.ts';

export type FailingFeed = z.infer<typeof rowSchema>;

export interface FailingFeeds {
  /** Returns feeds that need another address for longer than `afterMs` and were not reported, the longest failing first. */
  listUnreported(afterMs: number, limit: number): Promise<readonly FailingFeed[]>;
  /** Records that the casting office was notified. Once for each address that the owner enters. */
  markReported(feed: Pick<FailingFeed, 'id' | 'version'>): Promise<void>;
}

const rowSchema = z.object({
  id: connectionIdSchema,
  organization: organizationIdSchema,
  owner: participantIdSchema.nullable(),
  version: z.int(),
  failingSince: z.date().transform((date) => toInstant(date.getTime())),
});

/** Creates the repository. The version changes only when another address is stored. */
export const createFailingFeeds = (db: Database): FailingFeeds => ({
  async listUnreported(afterMs, limit) {
    const { id, organization, owner, version, updatedAt, status, provider } = connections;
    const rows = await db
      .select({ id, organization, owner, version, failingSince: updatedAt })
      .from(connections)
      .where(
        and(
          eq(provider, 'ics'),
          eq(status, 'needs_reauthorization'),
          sql`${updatedAt} < now() - ${millisecondsInterval(afterMs)}`,
          sql`${connections.failureReportedAs} IS DISTINCT FROM ${version}`,
        ),
      )
      .orderBy(asc(updatedAt))
      .limit(limit);
    return rows.map((row) => rowSchema.parse(row));
  },

  async markReported({ id, version }) {
    await db.update(connections).set({ failureReportedAs: version }).where(eq(connections.id, id));
  },
});
