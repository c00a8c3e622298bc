/** Counts and logs what the reconciliation has found. Alerts use the metric; the log line contains the audition id. */
import type { Finding } from '../../activities/contract.ts';
import type { CalendarFinding } from '../../domain/calendars/calendar-finding.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { ServiceMetrics } from '../metrics.ts';

interface Observation {
  readonly metrics: Pick<ServiceMetrics, 'disagreementFound'>;
  readonly logger: Pick<Logger, 'error'>;
}

/** Returns the function that reports a finding. */
export const createFindingReport =
  ({ metrics, logger }: Observation) =>
  ({ organization, auditionId, fault, repair }: Finding): void => {
    metrics.disagreementFound({ fault, repair });
    logger.error({ organization, auditionId, fault, repair }, 'audition reconciled');
  };

/** Returns the function that reports a finding in a calendar. */
export const createCalendarFindingReport =
  ({ metrics, logger }: Observation) =>
  (finding: CalendarFinding & { readonly organization: OrganizationId }): void => {
    const { fault, repair, failure } = finding;
    metrics.disagreementFound({ fault, repair: failure === undefined ? repair : 'failed' });
    logger.error(finding, failure === undefined ? 'calendar reconciled' : 'calendar not reconciled');
  };
