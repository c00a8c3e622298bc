/** Reads the busy times of a VFREEBUSY component (RFC 5545, section 3.6.4): a calendar published without its events. */
import type { BusyKind } from '../../domain/calendars/busy-kind.ts';
import { day } from '../../domain/time/units.ts';
import { type Component, linesNamed } from './content-lines.ts';
import type { ReportFault } from './faults.ts';
import { type CalendarPeriod, parameterOf, readTimes, textOf } from './properties.ts';
import type { Span } from './series.ts';

interface BusyPeriod extends Span {
  readonly busy: Exclude<BusyKind, 'free'>;
}

/** Returns the busy periods in the window. Periods of a type that is unknown are busy (section 3.2.9). */
export const readFreeBusy = (
  component: Component,
  window: Span,
  reportFault: ReportFault,
): readonly BusyPeriod[] =>
  linesNamed(component, 'FREEBUSY').flatMap((line) => {
    const type = parameterOf(line, 'FBTYPE')?.toUpperCase();
    if (type === 'FREE') return [];
    const busy = type === 'BUSY-TENTATIVE' ? 'tentative' : 'busy';
    const { periods, unreadable } = readTimes(line);
    if (unreadable > 0) {
      reportFault({ code: 'malformed_property', uid: textOf(component, 'UID'), about: 'FREEBUSY' });
    }
    return periods
      .map((period) => ({ ...spanOf(period), busy }) as const)
      .filter(({ start, end }) => start < end && start < window.end && end > window.start);
  });

/** The times of a FREEBUSY are in UTC (section 3.8.2.6). */
const spanOf = ({ start, end }: CalendarPeriod): Span => ({
  start: start.localMs,
  end: 'form' in end ? end.localMs : start.localMs + end.days * day + end.ms,
});
