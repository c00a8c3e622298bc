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
import { isErased } from '../reachable-workflow.ts';

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
 * Returns a round that resolves to whether there may be more rows. Rows whose deliveries were started are acknowledged.
 * @throws when a delivery could not be started or signaled, most likely during an outage of Temporal. The rows of its audition
 * are then due again after 5 s. The other deliveries are started all the same, so that a permanently failing one does
 * not block them.
 */
export const createOutboxRound =
  ({ outbox, temporal, taskQueue }: OutboxRoundOptions) =>
  async (): Promise<boolean> => {
    const { claimed, rows, deliveries } = await outbox.claim(batchSize, leaseMs);
    const failures: unknown[] = [];
    const unstarted = new Set(deliveries);
    for (let first = 0; first < deliveries.length; first += concurrency) {
      const batch = deliveries.slice(first, first + concurrency);
      await Promise.all(
        batch.map(async (delivery) => {
          try {
            await startOrSignalDelivery(temporal, taskQueue, delivery);
            unstarted.delete(delivery);
          } catch (error) {
            failures.push(error);
          }
        }),
      );
      // Every delivery has failed: Temporal is unreachable, and each remaining call would wait for its deadline.
      if (failures.length === first + batch.length) break;
    }
    const late = new Set([...unstarted].map(({ auditionId }) => auditionId));
    const idsWhere = (isLate: boolean) =>
      rows.filter(({ auditionId }) => late.has(auditionId) === isLate).map(({ id }) => id);
    await outbox.acknowledge(idsWhere(false));
    if (failures.length === 0) return claimed > 0;
    await outbox.retryLater(idsWhere(true), retryDelayMs);
    throw new Error(`${failures.length} event deliveries could not be started or signaled: check Temporal`, {
      cause: failures[0],
    });
  };

/**
 * Starts the delivery workflow, or signals the running one that there are more events. Idempotent. Nothing is delivered of an erased
 * audition: its events cannot be encrypted for a workflow.
 */
const startOrSignalDelivery = async (
  temporal: Client,
  taskQueue: string,
  delivery: DueDelivery,
): Promise<void> => {
  const { organization, endpoint, auditionId, through, correlationId, retryFrom } = delivery;
  const input: EventDeliveryInput = { organization, endpoint, auditionId, through, correlationId };
  const start = () =>
    temporal.workflow.signalWithStart(eventDeliveryWorkflowType, {
      workflowId: eventDeliveryWorkflowId(endpoint, auditionId),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      taskQueue,
      args: [input],
      signal: eventsWaitingSignal,
      signalArgs: [{ through, retryFrom }],
      typedSearchAttributes: new TypedSearchAttributes([
        { key: searchAttributes.organization, value: organization },
        { key: searchAttributes.correlation, value: correlationId },
      ]),
      memo: { organization, correlationId },
      staticSummary: `Deliver events of ${auditionId} to ${endpoint}`,
    });
  try {
    await temporal.withDeadline(Date.now() + signalTimeoutMs, start);
  } catch (error) {
    if (!isErased(error)) throw error;
  }
};
