/** Reports the damaged events of a feed. */
import { type CalendarFault, textsOf } from '../icalendar/faults.ts';
import type { ConnectedAccount } from '../ports.ts';
import { differentFaults, type ReportUnreadable } from '../unreadable-events.ts';

/** A feed has one calendar. */
export const feedCalendarId = 'primary';

/** Reports the faults of one reading, unless there are none. */
export const reportDamagedEvents = (
  { id: connection, organization }: ConnectedAccount,
  faults: readonly CalendarFault[],
  report: ReportUnreadable,
): void => {
  if (faults.length === 0) return;
  const different = differentFaults(textsOf(faults));
  report({
    connection,
    organization,
    calendarId: feedCalendarId,
    count: faults.length,
    faults: different,
  });
};
