/** Reads the busy times of a VFREEBUSY component (RFC 5545, section 3.6.4): a calendar published without its events. */
import type { BusyKind } from '../../domain/calendars/busy-kind.ts';
import { day } from '../../domain/time/units.ts';
import { type Component, linesNamed } from './content-lines.ts';
import type { ReportFault } from './faults.ts';
import { parameterOf } from './parameters.ts';
import { type CalendarPeriod, eachTimes, textOf } from './properties.ts';
import type { Span } from './series.ts';

interface BusyPeriod extends Span {
  readonly busy: Exclude<BusyKind, 'free'>;
}

/** The periods that are read in one step: a line can have hundreds of thousands. */
const periodsPerStep = 500;

/**
 * Returns the busy periods in the window, in small steps. A step can return no period. Periods of a type that is unknown are
 * busy (section 3.2.9).
 */
export function* eachFreeBusy(
  component: Component,
  window: Span,
  reportFault: ReportFault,
): Generator<readonly BusyPeriod[]> {
  for (const line of linesNamed(component, 'FREEBUSY')) {
    yield [];
    const type = parameterOf(line, 'FBTYPE')?.toUpperCase();
    if (type === 'FREE') continue;
    const busy = type === 'BUSY-TENTATIVE' ? 'tentative' : 'busy';
    let isReported = false;
    for (const { periods, unreadable } of eachTimes(line, periodsPerStep)) {
      if (unreadable > 0 && !isReported) {
        isReported = true;
        reportFault({ code: 'malformed_property', uid: textOf(component, 'UID'), about: 'FREEBUSY' });
      }
      yield periods
        .map((period) => ({ ...spanOf(period), busy }) as const)
        .filter(({ start, end }) => start < end && start < window.end && end > window.start);
    }
  }
}

/** The times of a FREEBUSY are in UTC (section 3.8.2.6). */
const spanOf = ({ start, end }: CalendarPeriod): Span => ({
  start: start.localMs,
  end: 'form' in end ? end.localMs : start.localMs + end.days * day + end.ms,
});
