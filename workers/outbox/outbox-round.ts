/** Starts or signals the delivery workflows for the rows of the outbox: one round of the relay. */
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
/** Far longer than a round. After a crash another process claims the rows when the lease has expired. */
const leaseMs = 60_000;
const retryDelayMs = 5_000;
const signalTimeoutMs = 10_000;

/**
 * Returns a round that resolves to whether there may be more rows.
 * @throws when a delivery could not be started or signaled, most likely during an outage of Temporal. All claimed rows
 * are then due again after 5 s. The other deliveries are started all the same, so that a permanently failing one does
 * not block them.
 */
export const createOutboxRound =
  ({ outbox, temporal, taskQueue }: OutboxRoundOptions) =>
  async (): Promise<boolean> => {
    const { claimed, rows, deliveries } = await outbox.claim(batchSize, leaseMs);
    const failures: unknown[] = [];
    for (let first = 0; first < deliveries.length; first += concurrency) {
      const batch = deliveries.slice(first, first + concurrency);
      const results = await Promise.allSettled(
        batch.map((delivery) => startOrSignalDelivery(temporal, taskQueue, delivery)),
      );
      failures.push(...results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
      // Every delivery has failed: Temporal is unreachable, and each remaining call would wait for its deadline.
      if (failures.length === first + batch.length) break;
    }
    if (failures.length > 0) {
      await outbox.retryLater(rows, retryDelayMs);
      throw new Error(
        `${failures.length} event deliveries could not be started or signaled: check Temporal`,
        { cause: failures[0] },
      );
    }
    await outbox.acknowledge(rows);
    return claimed > 0;
  };

/** Starts the delivery workflow, or signals the running one that there are more events. Idempotent. */
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
      staticSummary: `Deliver events of ${auditionId} to ${endpoint}`,
    }),
  );
};
