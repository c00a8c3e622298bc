/** From the inbox to whom it concerns: one round of the relay. */
import type { ClaimedWebhook, WebhookInbox } from '../../db/inbox/webhooks.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import { forEachConcurrently } from '../concurrency.ts';
import type { WebhookContext, WebhookOutcome } from './deliver.ts';

interface InboxRoundOptions {
  readonly inbox: Pick<WebhookInbox, 'claim' | 'markDelivered' | 'park' | 'retryLater'>;
  readonly deliver: (told: InboxEvent, of: WebhookContext) => Promise<WebhookOutcome>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

const batchSize = 100;
const concurrency = 10;
/** Longer than a round in which nobody answers: 100 rows, ten at a time, ten seconds each. */
const leaseMs = 120_000;

const longestDelayMs = 10 * 60_000;
/** The first ten delays grow to ten minutes; with the others that makes a week. */
const maxAttempts = 1_000;
/** What overtook our own record has found it by then: a quarter of an hour. */
const maxEarlyAttempts = 10;

/** 1, 2, 4 seconds and so on. */
const inboxRetryDelayMs = (attempts: number): number => Math.min(1_000 * 2 ** (attempts - 1), longestDelayMs);

const logFieldsOf = (one: ClaimedWebhook) => ({
  inboxId: one.id,
  provider: one.provider,
  kind: one.kind,
  attempts: one.attempts,
  correlationId: one.correlationId,
});

/**
 * Answers whether there may be more. Throws when nothing that was tried got through: then Temporal or the database is
 * away, and the relay pauses. What was claimed is due again by itself.
 */
export const createInboxRound = ({ inbox, deliver, logger }: InboxRoundOptions) => {
  const park = async (one: ClaimedWebhook, reason: string): Promise<void> => {
    await inbox.park(one.id, reason);
    logger.warn({ ...logFieldsOf(one), reason }, 'a webhook is parked: nothing here takes it');
  };

  const applyOutcome = async (one: ClaimedWebhook, outcome: WebhookOutcome): Promise<void> => {
    switch (outcome.kind) {
      case 'delivered':
        await inbox.markDelivered(one.id, outcome.reason);
        return logger.info({ ...logFieldsOf(one), reason: outcome.reason }, 'a webhook was told on');
      case 'parked':
        return park(one, outcome.reason);
      case 'early':
        if (one.attempts >= maxEarlyAttempts) return park(one, outcome.reason);
        return inbox.retryLater(one.id, inboxRetryDelayMs(one.attempts), outcome.reason);
      case 'again':
        return inbox.retryLater(one.id, outcome.afterMs, outcome.reason);
    }
  };

  const handleFailure = async (one: ClaimedWebhook, err: unknown): Promise<void> => {
    if (one.attempts >= maxAttempts) {
      logger.error({ ...logFieldsOf(one), err }, 'a webhook could not be told on for days');
      return park(one, 'gave_up');
    }
    logger.warn({ ...logFieldsOf(one), err }, 'a webhook could not be told on: it is tried again');
    await inbox.retryLater(one.id, inboxRetryDelayMs(one.attempts), 'failed');
  };

  /** Whether it got through. */
  const deliverOne = async (one: ClaimedWebhook): Promise<boolean> => {
    try {
      const event = await one.decrypt();
      const { id: inboxId, provider, correlationId, ageMs } = one;
      if (event) await applyOutcome(one, await deliver(event, { inboxId, provider, correlationId, ageMs }));
      else await park(one, 'unknown_kind');
      return true;
    } catch (error) {
      await handleFailure(one, error);
      return false;
    }
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    const rows = await inbox.claim(batchSize, leaseMs);
    let deliveredCount = 0;
    await forEachConcurrently(rows, concurrency, async (one) => {
      if (stopping.aborted) await inbox.retryLater(one.id, 0, 'given_back');
      else if (await deliverOne(one)) deliveredCount += 1;
    });
    if (rows.length > 0 && deliveredCount === 0 && !stopping.aborted) {
      throw new Error(`none of ${rows.length} webhooks could be told on`);
    }
    return rows.length === batchSize;
  };
};
