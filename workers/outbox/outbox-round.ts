/** From the outbox to the workflows that tell the endpoints: one round of the relay. */
import { type Client, WorkflowIdReusePolicy } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { DueDelivery, Outbox } from '../../db/endpoints/outbox.ts';
import {
  type EventDeliveryInput,
  eventDeliveryWorkflowId,
  eventDeliveryWorkflowType,
  eventsWaitingSignal,
} from '../../workflows/event-delivery/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

interface OutboxRoundOptions {
  readonly outbox: Pick<Outbox, 'claim' | 'acknowledge' | 'retryLater'>;
  readonly temporal: Client;
  readonly taskQueue: string;
}

const batchSize = 100;
const concurrency = 20;
/** Far longer than a round takes: whoever dies in it leaves its rows to others after that. */
const leaseMs = 60_000;
const retryDelayMs = 5_000;
const signalTimeoutMs = 10_000;

/**
 * Answers whether there may be more. Throws when one could not be woken, most likely because Temporal is away: the rows
 * are due again soon. The others are woken all the same, so that one which can never be holds up nobody.
 */
export const createOutboxRound =
  ({ outbox, temporal, taskQueue }: OutboxRoundOptions) =>
  async (): Promise<boolean> => {
    const { claimed, rows, deliveries } = await outbox.claim(batchSize, leaseMs);
    const failures: unknown[] = [];
    for (let first = 0; first < deliveries.length; first += concurrency) {
      const some = deliveries.slice(first, first + concurrency);
      const results = await Promise.allSettled(
        some.map((delivery) => startOrSignalDelivery(temporal, taskQueue, delivery)),
      );
      failures.push(...results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])));
      // Nobody at all: Temporal is away, and would let each of the rest wait for its deadline.
      if (failures.length === first + some.length) break;
    }
    if (failures.length > 0) {
      await outbox.retryLater(rows, retryDelayMs);
      throw new Error(`${failures.length} deliveries could not be woken`, { cause: failures[0] });
    }
    await outbox.acknowledge(rows);
    return claimed > 0;
  };

/** Starts the delivery, or says to the one that runs that there is more. Twice does no harm. */
const startOrSignalDelivery = async (
  temporal: Client,
  taskQueue: string,
  delivery: DueDelivery,
): Promise<void> => {
  const { organization, endpoint, auditionId, through, correlationId, retryFrom } = delivery;
  const input: EventDeliveryInput = { organization, endpoint, auditionId, through, correlationId };
  await temporal.withDeadline(Date.now() + signalTimeoutMs, () =>
    temporal.workflow.signalWithStart(eventDeliveryWorkflowType, {
      workflowId: eventDeliveryWorkflowId(endpoint, auditionId),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      taskQueue,
      args: [input],
      signal: eventsWaitingSignal,
      signalArgs: [{ through, retryFrom }],
      typedSearchAttributes: new TypedSearchAttributes([
        { key: searchAttributes.organization, value: organization },
      ]),
      memo: { organization, correlationId },
      staticSummary: `Tell ${endpoint} of ${auditionId}`,
    }),
  );
};
