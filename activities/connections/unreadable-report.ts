/** Reports damaged events of a calendar: in the log, and on the connection. */
import type { Connections } from '../../db/connections/repository.ts';
import type { UnreadableEventReports } from '../../db/connections/unreadable-events.ts';
import { isCalendarProvider } from '../../domain/providers/vendors.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import { calendarName } from '../../providers/calendar-names.ts';
import type { ReportUnreadable, UnreadableEvents } from '../../providers/unreadable-events.ts';

interface Dependencies {
  readonly unreadableEvents: UnreadableEventReports;
  readonly connections: Pick<Connections, 'get'>;
}

/**
 * Returns the function that the providers call. Writes are best effort and nothing waits for them: after a failed write, the
 * connection shows the damaged events when they are read again. The log does not have the id of the calendar, which can be an
 * email address.
 */
export const createUnreadableReport = (
  { unreadableEvents, connections }: Dependencies,
  logger: Pick<Logger, 'warn'>,
): ReportUnreadable => {
  const record = async ({
    connection: id,
    organization,
    calendarId,
    faults,
  }: UnreadableEvents): Promise<void> => {
    const connection = await connections.get(organization, id);
    if (!connection || !isCalendarProvider(connection.provider)) return;
    await unreadableEvents.record({
      connection: id,
      organization,
      calendarName: calendarName(connection.provider, connection, calendarId),
      faults,
    });
  };
  return (events) => {
    const { connection, organization, count, faults } = events;
    logger.warn({ connection, organization, count, faults }, 'calendar events unreadable');
    record(events).catch((err: unknown) => {
      logger.warn({ err, connection }, 'damaged events not recorded on the connection');
    });
  };
};
