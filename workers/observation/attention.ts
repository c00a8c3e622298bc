import type { ServiceActivities } from '../../activities/contract.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { ServiceMetrics } from '../metrics.ts';

interface Watcher {
  readonly metrics: Pick<ServiceMetrics, 'attentionRaised' | 'attentionOverdue'>;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
}

/**
 * The activities, with each attention item counted and told in the log once its event is recorded: that is when it is a
 * fact. The metrics are what an alert is set on, the log says which audition it is.
 */
export const watchAttention = (activities: ServiceActivities, watcher: Watcher): ServiceActivities => ({
  ...activities,
  recordEvents: async (input) => {
    await activities.recordEvents(input);
    for (const { fact } of input.events) tell(watcher, input.auditionId, fact);
  },
});

const tell = ({ metrics, logger }: Watcher, auditionId: string, fact: AuditionFact): void => {
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
