/** Sees every attempt of every activity: whose it is, how it ended, how long it took. Changes nothing about it. */
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { z } from 'zod';
import {
  type Correlation,
  currentCorrelation,
  withCorrelation,
} from '../../foundation/observability/correlation.ts';
import type { ActivityOutcome, ServiceMetrics } from '../metrics.ts';

/** What `Correlated` inputs carry; an input without it is no reason to refuse work. */
const correlatedSchema = z.object({
  correlationId: z.string().optional(),
  organization: z.string().optional(),
  auditionId: z.string().optional(),
});

export const observeActivities =
  (metrics: Pick<ServiceMetrics, 'activityEnded'>): ActivityInterceptorsFactory =>
  ({ info }) => ({
    inbound: {
      execute: (input, next) => {
        const { workflowExecution, activityType: activity, taskQueue, attempt } = info;
        const { correlationId, ...whose } = correlatedSchema.safeParse(input.args[0]).data ?? {};
        const workflowId = workflowExecution?.workflowId;
        const correlation: Correlation = {
          correlationId: correlationId ?? workflowId ?? info.activityId,
          ...whose,
          workflowId,
          activity,
          attempt,
        };
        const started = performance.now();
        const ended = (end: { outcome: ActivityOutcome; errorType?: string }) =>
          metrics.activityEnded({
            activity,
            taskQueue,
            seconds: (performance.now() - started) / 1000,
            ...end,
          });
        return withCorrelation(correlation, async () => {
          try {
            const result = await next(input);
            ended({ outcome: 'completed' });
            return result;
          } catch (error) {
            ended(endOf(error));
            throw error;
          }
        });
      },
    },
    outbound: {
      getLogAttributes: (attributes, next) => next({ ...attributes, ...currentCorrelation() }),
    },
  });

/** Every type that reaches a label is one of ours; anything else is a bug, whose name may be of any kind. */
const endOf = (error: unknown): { outcome: ActivityOutcome; errorType: string } => {
  if (error instanceof CancelledFailure) return { outcome: 'cancelled', errorType: 'cancelled' };
  if (!(error instanceof ApplicationFailure)) return { outcome: 'failed', errorType: 'unexpected' };
  const benign = error.category === ApplicationFailureCategory.BENIGN;
  return { outcome: benign ? 'benign' : 'failed', errorType: error.type ?? 'unexpected' };
};
