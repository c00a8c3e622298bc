/** From the outbox to the workflows that tell the endpoints: one round of the relay. */
import { type Client, WorkflowIdReusePolicy } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { DueDelivery, Outbox } from '../../db/platform-contract.ts';
import { searchAttributes } from '../../workflows/audition/search-attributes.ts';
import {
  type EventDeliveryInput,
  eventDeliveryWorkflowId,
  eventDeliveryWorkflowType,
  eventsWaiting,
} from '../../workflows/event-delivery/messages.ts';

export interface OutboxRoundOptions {
  readonly outbox: Pick<Outbox, 'claim' | 'settle' | 'retryLater'>;
  readonly temporal: Client;
  readonly taskQueue: string;
}

const rowsAtOnce = 100;
const startsAtOnce = 20;
/** Far longer than a round takes: whoever dies in it leaves its rows to others after that. */
const leaseMs = 60_000;
const againAfterMs = 5_000;
const answersWithinMs = 10_000;

/** Answers whether there may be more. Throws when Temporal is away: the rows are due again soon. */
export const createOutboxRound =
  ({ outbox, temporal, taskQueue }: OutboxRoundOptions) =>
  async (): Promise<boolean> => {
    const { claimed, rows, deliveries } = await outbox.claim(rowsAtOnce, leaseMs);
    try {
      for (let first = 0; first < deliveries.length; first += startsAtOnce) {
        const some = deliveries.slice(first, first + startsAtOnce);
        await Promise.all(some.map((delivery) => wake(temporal, taskQueue, delivery)));
      }
    } catch (error) {
      await outbox.retryLater(rows, againAfterMs);
      throw error;
    }
    await outbox.settle(rows);
    return claimed > 0;
  };

/** Starts the delivery, or says to the one that runs that there is more. Twice does no harm. */
const wake = (temporal: Client, taskQueue: string, delivery: DueDelivery): Promise<unknown> => {
  const { organization, endpoint, auditionId, through, correlationId, retryFrom } = delivery;
  const input: EventDeliveryInput = { organization, endpoint, auditionId, through, correlationId };
  return temporal.withDeadline(Date.now() + answersWithinMs, () =>
    temporal.workflow.signalWithStart(eventDeliveryWorkflowType, {
      workflowId: eventDeliveryWorkflowId(endpoint, auditionId),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      taskQueue,
      args: [input],
      signal: eventsWaiting,
      signalArgs: [{ through, retryFrom }],
      typedSearchAttributes: new TypedSearchAttributes([
        { key: searchAttributes.organization, value: organization },
      ]),
      memo: { organization, correlationId },
      staticSummary: `Tell ${endpoint} of ${auditionId}`,
    }),
  );
};
