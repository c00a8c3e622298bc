/** Counts and logs what the reconciliation has found. Alerts use the metric; the log line contains the audition id. */
import type { Finding } from '../../activities/contract.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { ServiceMetrics } from '../metrics.ts';

/** Returns the function that reports a finding. */
export const createFindingReport =
  ({
    metrics,
    logger,
  }: {
    readonly metrics: Pick<ServiceMetrics, 'disagreementFound'>;
    readonly logger: Pick<Logger, 'error'>;
  }) =>
  ({ organization, auditionId, fault, repair }: Finding): void => {
    metrics.disagreementFound({ fault, repair });
    logger.error({ organization, auditionId, fault, repair }, 'audition reconciled');
  };
