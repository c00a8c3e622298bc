import type { AuditionActivities } from '../../activities/contract.ts';
import type { ServiceMetrics } from '../../infra/observability/metrics.ts';

/** The activities, with each attention item counted once its event is recorded: that is when it is a fact. */
export const countAttention = (
  activities: AuditionActivities,
  metrics: Pick<ServiceMetrics, 'attentionRaised' | 'attentionOverdue'>,
): AuditionActivities => ({
  ...activities,
  recordEvents: async (input) => {
    await activities.recordEvents(input);
    for (const { fact } of input.events) {
      if (fact.type === 'attention_raised') {
        metrics.attentionRaised({ step: fact.item.step, code: fact.item.code ?? 'none' });
      }
      if (fact.type === 'attention_overdue') metrics.attentionOverdue();
    }
  },
});
