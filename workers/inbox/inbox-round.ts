/** Delivers the stored webhooks that are due: one round of the inbox relay. */
import { type ClaimedWebhook, deliveryFailedReason, type WebhookInbox } from '../../db/inbox/webhooks.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import { forEachConcurrently } from '../../foundation/concurrency.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { WebhookContext } from './deliver.ts';
import { gatheringDelayMs, isPresence, isPresenceKind, type ReceivedPresence } from './presence.ts';
import type { WebhookOutcome } from './webhook-outcome.ts';

interface InboxRoundOptions {
  readonly inbox: Pick<WebhookInbox, 'claim' | 'markDelivered' | 'park' | 'retryLater'>;
  readonly deliver: (event: InboxEvent, webhook: WebhookContext) => Promise<WebhookOutcome>;
  /** Delivers observations of participants together. Returns the outcome of each, in order. */
  readonly deliverPresence: (received: readonly ReceivedPresence[]) => Promise<readonly WebhookOutcome[]>;
  /** Returns the correlation ids of the requests for these auditions. */
  readonly correlationIdsOf: (auditions: readonly AuditionId[]) => Promise<ReadonlyMap<AuditionId, string>>;
  /** Epoch milliseconds. */
  readonly now?: () => number;
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

const contextOf = ({ id, provider, correlationId, ageMs }: ClaimedWebhook): WebhookContext => ({
  inboxId: id,
  provider,
  correlationId,
  ageMs,
});

const isNew = ({ attempts }: ClaimedWebhook): boolean => attempts === 1;

/**
 * Returns a round of the inbox relay. It resolves to whether there may be more webhooks. The failed webhooks are due
 * again after their own delay.
 * @throws when every delivery of the round failed, as in an outage of Temporal or the database. The relay then pauses.
 */
export const createInboxRound = ({
  inbox,
  deliver,
  deliverPresence,
  correlationIdsOf,
  logger,
  now = Date.now,
}: InboxRoundOptions) => {
  const park = async (webhook: ClaimedWebhook, reason: string): Promise<void> => {
    await inbox.park(webhook.id, reason);
    logger.warn({ ...logFieldsOf(webhook), reason }, 'webhook parked');
  };

  /** One line for each audition, under the correlation id of that audition: the vendor's request has another. */
  const logDelivered = async (
    webhook: ClaimedWebhook,
    { auditions = [], reason }: Extract<WebhookOutcome, { kind: 'delivered' }>,
  ): Promise<void> => {
    const fields = { ...logFieldsOf(webhook), reason };
    if (auditions.length === 0) return logger.info(fields, 'webhook delivered');
    const ids = await correlationIdsOf(auditions).catch(() => new Map<AuditionId, string>());
    for (const auditionId of auditions) {
      const { correlationId: causedBy } = webhook;
      const correlationId = ids.get(auditionId) ?? causedBy;
      const cause = correlationId === causedBy ? {} : { causedBy };
      logger.info({ ...fields, correlationId, ...cause, auditionId }, 'webhook delivered');
    }
  };

  const applyOutcome = async (webhook: ClaimedWebhook, outcome: WebhookOutcome): Promise<void> => {
    switch (outcome.kind) {
      case 'delivered':
        await inbox.markDelivered(webhook.id, outcome.reason);
        return logDelivered(webhook, outcome);
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
      if (event) await applyOutcome(webhook, await deliver(event, contextOf(webhook)));
      else await park(webhook, 'unknown_kind');
      return true;
    } catch (error) {
      await handleFailure(webhook, error);
      return false;
    }
  };

  /** Decrypts an observation, or settles a webhook that is none. */
  const readPresence = async (webhook: ClaimedWebhook): Promise<readonly ReceivedPresence[]> => {
    const event = await webhook.decrypt();
    if (!event || !isPresence(event)) {
      await park(webhook, 'unknown_kind');
      return [];
    }
    return [{ webhook: contextOf(webhook), event }];
  };

  /** Lets new observations wait for others, and delivers those that have waited. Returns how many were handled. */
  const deliverGathered = async (webhooks: readonly ClaimedWebhook[]): Promise<number> => {
    for (const { id } of webhooks.filter(isNew))
      await inbox.retryLater(id, gatheringDelayMs(now()), 'gathering');
    const waited = webhooks.filter((webhook) => !isNew(webhook));
    try {
      const received = (await Promise.all(waited.map(readPresence))).flat();
      const outcomes = await deliverPresence(received);
      for (const [index, { webhook }] of received.entries()) {
        const claimed = waited.find(({ id }) => id === webhook.inboxId);
        const outcome = outcomes[index];
        if (claimed && outcome) await applyOutcome(claimed, outcome);
      }
      return webhooks.length;
    } catch (error) {
      for (const webhook of waited) await handleFailure(webhook, error);
      return webhooks.length - waited.length;
    }
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    const rows = await inbox.claim(batchSize, leaseMs);
    const presence = rows.filter(({ kind }) => isPresenceKind(kind));
    let handledCount = presence.length > 0 ? await deliverGathered(presence) : 0;
    const others = rows.filter(({ kind }) => !isPresenceKind(kind));
    await forEachConcurrently(others, concurrency, async (webhook) => {
      if (stopping.aborted) await inbox.retryLater(webhook.id, 0, 'given_back');
      else if (await deliverWebhook(webhook)) handledCount += 1;
    });
    if (rows.length > 0 && handledCount === 0 && !stopping.aborted) {
      throw new Error(`none of ${rows.length} webhooks could be delivered: see the preceding warnings`);
    }
    return rows.length === batchSize;
  };
};
