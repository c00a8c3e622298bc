/**
 * The service's own figures, beside those the SDK keeps itself. Labels hold only what is of few kinds: never an id.
 */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { createCallMetrics, secondsBuckets } from '../providers/metrics.ts';
import type { CallMetrics } from '../providers/resilience/resilient-providers.ts';

export type ActivityOutcome = 'completed' | 'failed' | 'benign' | 'cancelled';

export interface ServiceMetrics extends CallMetrics {
  /** `errorType` is the type of the failure, one of ours. */
  activityEnded(ended: {
    readonly activity: string;
    readonly taskQueue: string;
    readonly outcome: ActivityOutcome;
    readonly errorType?: string | undefined;
    readonly seconds: number;
  }): void;
  attentionRaised(raised: { readonly step: string; readonly code: string }): void;
  /** Nobody came within the SLA; once more for each further SLA that passes. */
  attentionOverdue(): void;
  /** Given up: its receiver has not answered for days, or wants nothing more. */
  endpointDisabled(): void;
  /** In Prometheus' text format. */
  render(): Promise<string>;
}

export const createMetrics = (): ServiceMetrics => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const activities = new Histogram({
    name: 'castmatch_activity_duration_seconds',
    help: 'Attempts of activities by outcome; error_type is empty where there was no error.',
    labelNames: ['activity', 'task_queue', 'outcome', 'error_type'] as const,
    buckets: secondsBuckets,
    registers,
  });
  const attention = new Counter({
    name: 'castmatch_attention_items_raised_total',
    help: 'Steps that gave up and wait for a person.',
    labelNames: ['step', 'code'] as const,
    registers,
  });
  const overdue = new Counter({
    name: 'castmatch_attention_items_overdue_total',
    help: 'Times that an SLA of an attention item passed without anybody coming.',
    registers,
  });
  const disabledEndpoints = new Counter({
    name: 'castmatch_endpoints_disabled_total',
    help: 'Endpoints of the platform that were given up, and are told nothing any more.',
    registers,
  });

  return {
    ...createCallMetrics(registry),
    activityEnded: ({ activity, taskQueue, outcome, errorType, seconds }) =>
      activities.observe({ activity, task_queue: taskQueue, outcome, error_type: errorType ?? '' }, seconds),
    attentionRaised: (raised) => attention.inc(raised),
    attentionOverdue: () => overdue.inc(),
    endpointDisabled: () => disabledEndpoints.inc(),
    render: () => registry.metrics(),
  };
};
