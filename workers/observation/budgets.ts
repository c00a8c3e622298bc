/** Counts the messages that a spent budget refuses. */
import type { MessageBudgets } from '../../db/budgets/message-budgets.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { ServiceMetrics } from '../metrics.ts';

interface Observer {
  readonly metrics: Pick<ServiceMetrics, 'messageRefused'>;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Returns the budgets, extended to count and log each message for which one has no room. */
export const observeBudgets = (budgets: MessageBudgets, { metrics, logger }: Observer): MessageBudgets => ({
  ...budgets,
  charge: async (charge) => {
    const charged = await budgets.charge(charge);
    if (charged.kind === 'spent') {
      const { organization, channel, units, budget } = charge;
      metrics.messageRefused({ channel });
      logger.warn({ organization, channel, units, budget }, 'message refused; its budget is spent');
    }
    return charged;
  },
});
