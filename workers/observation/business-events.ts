/** Counts and logs attention items, deliveries to endpoints and disabled endpoints. */
import { ApplicationFailure } from '@temporalio/common';
import type { ServiceActivities } from '../../activities/contract.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { ServiceMetrics } from '../metrics.ts';

interface Observer {
  readonly metrics: Pick<ServiceMetrics, 'attentionRaised' | 'attentionOverdue' | 'endpointDisabled'>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * Returns the event store, extended to count and log each attention item that it appends. A repeated append reports
 * nothing. Alerts use the metrics. The log line contains the audition id.
 */
export const observeAttention = (events: EventStore, observer: Observer): EventStore => ({
  ...events,
  append: async (call, own) => {
    const result = await events.append(call, own);
    for (const { fact } of result.appended) report(observer, call.auditionId, fact);
    return result;
  },
});

/**
 * Returns the activities, extended to log each delivery of events, and to count and log each endpoint that is disabled. The service has no contact address
 * of the platform's operator, so the operator is notified by an alert on the metric. The log line contains the
 * endpoint id.
 */
export const observeEndpoints = (
  activities: ServiceActivities,
  { metrics, logger }: Observer,
): ServiceActivities => ({
  ...activities,
  deliverEvents: async (input) => {
    const { organization, endpoint, auditionId } = input;
    const started = performance.now();
    const log = (about: object, message: string) =>
      logger.info(
        { organization, endpoint, auditionId, ...about, durationMs: Math.round(performance.now() - started) },
        message,
      );
    try {
      const outcome = await activities.deliverEvents(input);
      log(
        { outcome: outcome.kind, ...(outcome.kind === 'up_to_date' ? { through: outcome.through } : {}) },
        'events delivered to endpoint',
      );
      return outcome;
    } catch (error) {
      const errorType = error instanceof ApplicationFailure ? error.type : 'unexpected';
      log({ outcome: errorType }, 'event delivery to endpoint failed');
      throw error;
    }
  },
  disableEndpoint: async (input) => {
    const disabled = await activities.disableEndpoint(input);
    if (!disabled) return undefined;
    metrics.endpointDisabled();
    const { organization, endpoint, reason } = input;
    logger.error({ organization, endpoint, reason }, 'webhook endpoint disabled');
    return disabled;
  },
});

const report = ({ metrics, logger }: Observer, auditionId: string, fact: AuditionFact): void => {
  if (fact.type === 'attention_raised') {
    const { id, step, code = 'none' } = fact.item;
    metrics.attentionRaised({ step, code });
    logger.warn({ auditionId, attention: id, step, code }, 'attention item raised');
  }
  if (fact.type === 'attention_overdue') {
    metrics.attentionOverdue();
    logger.error({ auditionId, attention: fact.id }, 'attention item overdue');
  }
};
