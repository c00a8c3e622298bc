/** Reports damaged events of a calendar: in the log, and on the connection. */
import type { UnreadableEventReports } from '../../db/connections/unreadable-events.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { ReportUnreadable } from '../../providers/unreadable-events.ts';

/**
 * Returns the function that the providers call. Writes are best effort and nothing waits for them: after a failed write, the
 * connection shows the damaged events when they are read again.
 */
export const createUnreadableReport =
  (reports: UnreadableEventReports, logger: Pick<Logger, 'warn'>): ReportUnreadable =>
  (events) => {
    logger.warn(events, 'calendar events unreadable');
    reports.record(events).catch((err: unknown) => {
      logger.warn({ err, connection: events.connection }, 'damaged events not recorded on the connection');
    });
  };
