import type { ServiceActivities } from '../../activities/contract.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { ServiceMetrics } from '../metrics.ts';

interface Watcher {
  readonly metrics: Pick<ServiceMetrics, 'endpointDisabled'>;
  readonly logger: Pick<Logger, 'error'>;
}

/**
 * The activities, with each endpoint that is given up counted and told in the log. Nobody knows an address of theirs to
 * write to: whoever looks after the platform is told by an alert on the metric, and the log says which it is.
 */
export const watchEndpoints = (
  activities: ServiceActivities,
  { metrics, logger }: Watcher,
): ServiceActivities => ({
  ...activities,
  disableEndpoint: async (input) => {
    const disabled = await activities.disableEndpoint(input);
    if (!disabled) return undefined;
    metrics.endpointDisabled();
    const { organization, endpoint, reason } = input;
    logger.error({ organization, endpoint, reason }, 'an endpoint of the platform is told nothing any more');
    return disabled;
  },
});
