/** The changes of our events that were reported to auditions. */
import { and, eq, sql } from 'drizzle-orm';
import type { ConnectionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { syncedEvents } from '../schema/synced-events.ts';

/**
 * Lets the next reading of the calendars report what still differs, under another number. The questions about an account that was
 * disconnected are withdrawn.
 */
export const reportAgainLater = async (
  db: Pick<Database, 'update'>,
  connection: ConnectionId,
): Promise<void> => {
  await db
    .update(syncedEvents)
    .set({ isChecked: false, change: sql`${syncedEvents.change} + 1` })
    .where(and(eq(syncedEvents.connection, connection), syncedEvents.isReported));
};
