/** Reports the damaged events of a feed. */
import type { CalendarFault } from '../icalendar/faults.ts';
import type { ConnectedAccount } from '../ports.ts';
import type { ReportUnreadable } from '../unreadable-events.ts';

const maxReportedFaults = 5;

/** Reports the faults of one reading, unless there are none. */
export const reportDamagedEvents = (
  { id: connection, organization }: ConnectedAccount,
  faults: readonly CalendarFault[],
  report: ReportUnreadable,
): void => {
  if (faults.length === 0) return;
  const first = faults.slice(0, maxReportedFaults).map(({ code, about }) => `${code}: ${about}`);
  report({ connection, organization, count: faults.length, faults: first });
};
