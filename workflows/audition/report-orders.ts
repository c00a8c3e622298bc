/**
 * Orders the reports about calendars. Several rounds of the synchronisation can report about one participant, and their
 * signals can arrive in another order than the reports were begun.
 */
import type { CalendarChange, ReportOrder } from '../../domain/audition/calendar-change.ts';

export interface ReportOrders {
  /** The last report about each event, and about the conflicts of each participant. Continue-as-new carries them over. */
  readonly last: readonly ReportOrder[];
  /** Remembers the place of the report. Returns whether the report is later than all before. One without a place always is. */
  isLatest(report: Pick<CalendarChange, 'order'>): boolean;
  /** Replaces the remembered reports, for a run that takes over: earlier ones were reported to another run. */
  adopt(last: readonly ReportOrder[]): void;
}

/** Creates the order. */
export const createReportOrders = (before: readonly ReportOrder[] = []): ReportOrders => {
  const changes = new Map<string, number>();
  const adopt = (last: readonly ReportOrder[]): void => {
    changes.clear();
    for (const { incarnation, change } of last) changes.set(incarnation, change);
  };
  adopt(before);
  return {
    get last() {
      return [...changes].map(([incarnation, change]) => ({ incarnation, change }));
    },
    isLatest({ order }) {
      if (!order) return true;
      const { incarnation, change } = order;
      const last = changes.get(incarnation);
      if (last !== undefined && change <= last) return false;
      changes.set(incarnation, change);
      return true;
    },
    adopt,
  };
};
