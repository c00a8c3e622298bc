/** Counts and logs what an operator must know of, once an activity has made it a fact. */
import type { ServiceActivities } from '../../activities/contract.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { ServiceMetrics } from '../metrics.ts';

interface Watcher {
  readonly metrics: Pick<ServiceMetrics, 'attentionRaised' | 'attentionOverdue' | 'endpointDisabled'>;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
}

/**
 * The activities, with each attention item counted and told in the log once its event is recorded: that is when it is a
 * fact. The metrics are what an alert is set on, the log says which audition it is.
 */
export const observeAttention = (activities: ServiceActivities, watcher: Watcher): ServiceActivities => ({
  ...activities,
  recordEvents: async (input) => {
    await activities.recordEvents(input);
    for (const { fact } of input.events) report(watcher, input.auditionId, fact);
  },
});

/**
 * The activities, with each endpoint that is given up counted and told in the log. Nobody knows an address of theirs to
 * write to: whoever looks after the platform is told by an alert on the metric, and the log says which it is.
 */
export const observeEndpoints = (
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

const report = ({ metrics, logger }: Watcher, auditionId: string, fact: AuditionFact): void => {
  if (fact.type === 'attention_raised') {
    const { id, step, code = 'none' } = fact.item;
    metrics.attentionRaised({ step, code });
    logger.warn({ auditionId, attention: id, step, code }, 'an audition waits for a person');
  }
  if (fact.type === 'attention_overdue') {
    metrics.attentionOverdue();
    logger.error({ auditionId, attention: fact.id }, 'nobody has come within the SLA of an attention item');
  }
};
