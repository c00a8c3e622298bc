/** Stores which connections have calendars with damaged events. */
import { sql } from 'drizzle-orm';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { unreadableEvents } from '../schema/unreadable-events.ts';
import { millisecondsInterval } from '../time.ts';
import { presentUnreadableMs } from './connection-problems.ts';

export interface UnreadableEventReports {
  /**
   * Records that events of the connection could not be read completely. A report within ten minutes of an equal one
   * writes nothing. @param faults such as `no_start: DTSTART`, never a text that a person wrote
   */
  record(report: {
    readonly connection: ConnectionId;
    readonly organization: OrganizationId;
    readonly faults: readonly string[];
  }): Promise<void>;
}

/** Creates the repository. */
export const createUnreadableEventReports = (db: Database): UnreadableEventReports => ({
  async record({ connection, organization, faults }) {
    const now = sql`date_trunc('milliseconds', now())`;
    const isOver = sql`${unreadableEvents.lastSeenAt} < now() - ${millisecondsInterval(presentUnreadableMs)}`;
    const values = { faults: [...faults], lastSeenAt: now };
    await db
      .insert(unreadableEvents)
      .values({ connection, organization, ...values, firstSeenAt: now })
      .onConflictDoUpdate({
        target: unreadableEvents.connection,
        set: {
          ...values,
          firstSeenAt: sql`CASE WHEN ${isOver} THEN ${now} ELSE ${unreadableEvents.firstSeenAt} END`,
        },
        setWhere: sql`${unreadableEvents.lastSeenAt} < now() - interval '10 minutes'
          OR ${unreadableEvents.faults} IS DISTINCT FROM excluded.faults`,
      });
  },
});
