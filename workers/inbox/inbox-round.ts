/** Delivers the stored webhooks that are due: one round of the inbox relay. */
import { type ClaimedWebhook, deliveryFailedReason, type WebhookInbox } from '../../db/inbox/webhooks.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import { forEachConcurrently } from '../concurrency.ts';
import type { WebhookContext, WebhookOutcome } from './deliver.ts';

interface InboxRoundOptions {
  readonly inbox: Pick<WebhookInbox, 'claim' | 'markDelivered' | 'park' | 'retryLater'>;
  readonly deliver: (event: InboxEvent, webhook: WebhookContext) => Promise<WebhookOutcome>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

const batchSize = 100;
const concurrency = 10;
/** Longer than a round in which every call times out: 100 rows, ten at a time, ten seconds each. */
const leaseMs = 120_000;

const maxDelayMs = 10 * 60_000;
/** About a week: the first ten delays grow to ten minutes, the others are ten minutes each. */
const maxAttempts = 1_000;
/**
 * About a quarter of an hour. By then the service has recorded the message or meeting that the webhook arrived before.
 */
const maxEarlyAttempts = 10;

/** Milliseconds: 1, 2, 4 seconds and so on, up to ten minutes. */
const inboxRetryDelayMs = (attempts: number): number => Math.min(1_000 * 2 ** (attempts - 1), maxDelayMs);

const logFieldsOf = (webhook: ClaimedWebhook) => ({
  inboxId: webhook.id,
  provider: webhook.provider,
  kind: webhook.kind,
  attempts: webhook.attempts,
  correlationId: webhook.correlationId,
});

/**
 * Returns a round of the inbox relay. It resolves to whether there may be more webhooks. The failed webhooks are due
 * again after their own delay.
 * @throws when every delivery of the round failed, as in an outage of Temporal or the database. The relay then pauses.
 */
export const createInboxRound = ({ inbox, deliver, logger }: InboxRoundOptions) => {
  const park = async (webhook: ClaimedWebhook, reason: string): Promise<void> => {
    await inbox.park(webhook.id, reason);
    logger.warn({ ...logFieldsOf(webhook), reason }, 'webhook parked');
  };

  const applyOutcome = async (webhook: ClaimedWebhook, outcome: WebhookOutcome): Promise<void> => {
    switch (outcome.kind) {
      case 'delivered':
        await inbox.markDelivered(webhook.id, outcome.reason);
        return logger.info({ ...logFieldsOf(webhook), reason: outcome.reason }, 'webhook delivered');
      case 'parked':
        return park(webhook, outcome.reason);
      case 'not_yet_known':
        if (webhook.attempts >= maxEarlyAttempts) return park(webhook, outcome.reason);
        return inbox.retryLater(webhook.id, inboxRetryDelayMs(webhook.attempts), outcome.reason);
      case 'recheck':
        return inbox.retryLater(webhook.id, outcome.afterMs, outcome.reason);
    }
  };

  const handleFailure = async (webhook: ClaimedWebhook, err: unknown): Promise<void> => {
    if (webhook.attempts >= maxAttempts) {
      logger.error({ ...logFieldsOf(webhook), err }, 'webhook delivery failed; retries exhausted');
      return park(webhook, deliveryFailedReason);
    }
    logger.warn({ ...logFieldsOf(webhook), err }, 'webhook delivery failed; retrying');
    await inbox.retryLater(webhook.id, inboxRetryDelayMs(webhook.attempts), 'failed');
  };

  /** Returns whether the webhook was handled: delivered, parked or scheduled for a recheck. */
  const deliverWebhook = async (webhook: ClaimedWebhook): Promise<boolean> => {
    try {
      const event = await webhook.decrypt();
      const { id: inboxId, provider, correlationId, ageMs } = webhook;
      if (event)
        await applyOutcome(webhook, await deliver(event, { inboxId, provider, correlationId, ageMs }));
      else await park(webhook, 'unknown_kind');
      return true;
    } catch (error) {
      await handleFailure(webhook, error);
      return false;
    }
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    const rows = await inbox.claim(batchSize, leaseMs);
    let handledCount = 0;
    await forEachConcurrently(rows, concurrency, async (webhook) => {
      if (stopping.aborted) await inbox.retryLater(webhook.id, 0, 'given_back');
      else if (await deliverWebhook(webhook)) handledCount += 1;
    });
    if (rows.length > 0 && handledCount === 0 && !stopping.aborted) {
      throw new Error(`none of ${rows.length} webhooks could be delivered: see the preceding warnings`);
    }
    return rows.length === batchSize;
  };
};
