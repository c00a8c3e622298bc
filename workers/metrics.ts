/**
 * Defines the metrics of the worker process, in addition to those of the SDK. Labels have few values and never contain
 * an id.
 */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { DeliveryStatus } from '../domain/audition/delivery-statuses.ts';
import type { Channel } from '../domain/audition/request.ts';
import { createCallMetrics, secondsBuckets } from '../providers/metrics.ts';
import type { CallMetrics } from '../providers/resilience/resilient-providers.ts';

export type ActivityOutcome = 'completed' | 'failed' | 'benign' | 'cancelled';

export interface ServiceMetrics extends CallMetrics {
  /** Records one activity attempt. `errorType` is a failure type of this service. */
  activityEnded(ended: {
    readonly activity: string;
    readonly taskQueue: string;
    readonly outcome: ActivityOutcome;
    readonly errorType?: string | undefined;
    readonly seconds: number;
  }): void;
  /** Counts a new attention item. `code` is the failure code, or `none`. */
  attentionRaised(raised: { readonly step: string; readonly code: string }): void;
  /** Counts an attention item that was not resolved within its SLA, and again after each further SLA period. */
  attentionOverdue(): void;
  /** Counts a disagreement about an audition that the reconciliation has found and repaired. */
  disagreementFound(found: { readonly fault: string; readonly repair: string }): void;
  /** Counts a report that changed the delivery status of a notice. */
  deliveryReported(reported: { readonly channel: Channel; readonly status: DeliveryStatus }): void;
  /** Counts a message that was not sent because the budget of its organization is spent. */
  messageRefused(refused: { readonly channel: Channel }): void;
  /** Counts a webhook endpoint that was disabled because its receiver failed for days or answered 410. */
  endpointDisabled(): void;
  /** Counts an attempt to send an event to an endpoint. `lagSeconds`: the age of the event when the receiver accepted it. */
  endpointTried(tried: {
    readonly outcome: 'accepted' | 'failed' | 'gone';
    readonly lagSeconds?: number | undefined;
  }): void;
  /** Where other parts of the process register their metrics. */
  readonly registry: Registry;
  /** Returns the metrics in Prometheus' text format. */
  render(): Promise<string>;
}

/** Seconds. An endpoint can be down for days. */
const lagBuckets = [0.1, 0.5, 1, 2.5, 5, 15, 60, 300, 1_800, 7_200, 43_200, 259_200];

/** Creates the metrics with a registry of their own. */
export const createMetrics = (): ServiceMetrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const activities = new Histogram({
    name: 'castmatch_activity_duration_seconds',
    help: 'Duration of activity attempts by outcome; error_type is empty when there was no error.',
    labelNames: ['activity', 'task_queue', 'outcome', 'error_type'] as const,
    buckets: secondsBuckets,
    registers,
  });
  const attention = new Counter({
    name: 'castmatch_attention_items_raised_total',
    help: 'Attention items raised: steps that failed and wait for an operator.',
    labelNames: ['step', 'code'] as const,
    registers,
  });
  const overdue = new Counter({
    name: 'castmatch_attention_items_overdue_total',
    help: 'Attention items that were not resolved within their SLA, counted once per SLA period.',
    registers,
  });
  const findings = new Counter({
    name: 'castmatch_reconciliation_findings_total',
    help: 'Auditions about which the read model, the trail, the ledger, the holds and Temporal disagreed.',
    labelNames: ['fault', 'repair'] as const,
    registers,
  });
  const deliveryReports = new Counter({
    name: 'castmatch_delivery_reports_total',
    help: 'Reports of providers that changed the delivery status of a notice.',
    labelNames: ['channel', 'status'] as const,
    registers,
  });
  const refusedMessages = new Counter({
    name: 'castmatch_messages_refused_total',
    help: 'Messages that were not sent because the budget of their organization was spent.',
    labelNames: ['channel'] as const,
    registers,
  });
  const disabledEndpoints = new Counter({
    name: 'castmatch_endpoints_disabled_total',
    help: 'Webhook endpoints that were disabled after failed deliveries.',
    registers,
  });
  const endpointAttempts = new Counter({
    name: 'castmatch_endpoint_deliveries_total',
    help: "Events sent to the platform's endpoints by outcome: accepted, failed (retried), gone (410).",
    labelNames: ['outcome'] as const,
    registers,
  });
  const endpointLag = new Histogram({
    name: 'castmatch_endpoint_delivery_lag_seconds',
    help: 'Age of an event when the endpoint accepted it.',
    buckets: lagBuckets,
    registers,
  });

  return {
    ...createCallMetrics(registry),
    activityEnded: ({ activity, taskQueue, outcome, errorType, seconds }) =>
      activities.observe({ activity, task_queue: taskQueue, outcome, error_type: errorType ?? '' }, seconds),
    attentionRaised: (raised) => attention.inc(raised),
    attentionOverdue: () => overdue.inc(),
    disagreementFound: (found) => findings.inc(found),
    deliveryReported: (reported) => deliveryReports.inc(reported),
    messageRefused: (refused) => refusedMessages.inc(refused),
    endpointDisabled: () => disabledEndpoints.inc(),
    endpointTried: ({ outcome, lagSeconds }) => {
      endpointAttempts.inc({ outcome });
      if (lagSeconds !== undefined) endpointLag.observe(lagSeconds);
    },
    registry,
    render: () => registry.metrics(),
  };
};
