/** From the outbox to the workflows that tell the endpoints: one round of the relay. */
import { type Client, WorkflowIdReusePolicy } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { DueDelivery, Outbox } from '../../db/endpoints/outbox.ts';
import {
  type EventDeliveryInput,
  eventDeliveryWorkflowId,
  eventDeliveryWorkflowType,
  eventsWaiting,
} from '../../workflows/event-delivery/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

interface OutboxRoundOptions {
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

/**
 * Answers whether there may be more. Throws when one could not be woken, most likely because Temporal is away: the rows
 * are due again soon. The others are woken all the same, so that one which can never be holds up nobody.
 */
export const createOutboxRound =
  ({ outbox, temporal, taskQueue }: OutboxRoundOptions) =>
  async (): Promise<boolean> => {
    const { claimed, rows, deliveries } = await outbox.claim(rowsAtOnce, leaseMs);
    const failures: unknown[] = [];
    for (let first = 0; first < deliveries.length; first += startsAtOnce) {
      const some = deliveries.slice(first, first + startsAtOnce);
      const woken = await Promise.allSettled(some.map((delivery) => wake(temporal, taskQueue, delivery)));
      failures.push(...woken.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])));
      // Nobody at all: Temporal is away, and would let each of the rest wait for its deadline.
      if (failures.length === first + some.length) break;
    }
    if (failures.length > 0) {
      await outbox.retryLater(rows, againAfterMs);
      throw new Error(`${failures.length} deliveries could not be woken`, { cause: failures[0] });
    }
    await outbox.settle(rows);
    return claimed > 0;
  };

/** Starts the delivery, or says to the one that runs that there is more. Twice does no harm. */
const wake = async (temporal: Client, taskQueue: string, delivery: DueDelivery): Promise<void> => {
  const { organization, endpoint, auditionId, through, correlationId, retryFrom } = delivery;
  const input: EventDeliveryInput = { organization, endpoint, auditionId, through, correlationId };
  await temporal.withDeadline(Date.now() + answersWithinMs, () =>
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
