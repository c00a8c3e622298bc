/**
 * The metrics of what waits in the database. Every worker reads the same numbers, so queries take their `max`. They are read
 * when Prometheus asks, at most once in ten seconds.
 */
import { Gauge, type Registry } from 'prom-client';
import type { Backlog, BacklogReader } from '../../db/observation/backlog.ts';
import { channels } from '../../domain/providers/vendors.ts';
import type { Logger } from '../../foundation/observability/logger.ts';

const readEveryMs = 10_000;
/** Shorter than the timeout of a scrape, whose default is 10 s. */
const readTimeoutMs = 3_000;

interface Options {
  readonly backlog: BacklogReader;
  readonly logger: Pick<Logger, 'warn'>;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/**
 * Registers the metrics, and returns a function that reads them. It never throws: while the database does not answer, the
 * metrics have no values, and an alert on their absence fires.
 */
export const createBacklogMetrics = (
  registry: Registry,
  { backlog, logger, now = Date.now }: Options,
): (() => Promise<void>) => {
  const gauges = createGauges(registry);
  let readAt = -Infinity;
  let reading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error('the database did not answer in time')), readTimeoutMs);
    try {
      gauges.set(await Promise.race([backlog.read(), timeout]));
      readAt = now();
    } catch (err) {
      gauges.reset();
      logger.warn({ err }, 'backlog metrics not read');
    } finally {
      clearTimeout(timer);
    }
  };
  return async () => {
    if (now() - readAt < readEveryMs) return;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    await reading;
  };
};

const createGauges = (registry: Registry) => {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const auditions = new Gauge({
    name: 'castmatch_auditions',
    help: 'Auditions by state, in all organizations.',
    labelNames: ['state'] as const,
    registers,
  });
  const endpoints = new Gauge({
    name: 'castmatch_endpoints',
    help: 'Webhook endpoints of the platform by status: enabled, disabled.',
    labelNames: ['status'] as const,
    registers,
  });
  const budgets = new Gauge({
    name: 'castmatch_message_budgets',
    help: 'Organizations whose budget of messages of today (UTC) is used to 80 % (nearly_spent) or whole (spent).',
    labelNames: ['channel', 'use'] as const,
    registers,
  });
  const single = {
    attention: gauge('castmatch_attention_items_open', 'Attention items that wait for an operator.'),
    oldest: gauge('castmatch_attention_item_oldest_seconds', 'Age of the oldest open attention item.'),
    inbox: gauge('castmatch_inbox_waiting', 'Received webhooks that are not delivered yet.'),
    inboxLag: gauge('castmatch_inbox_lag_seconds', 'For how long the oldest webhook has been due.'),
    parked: gauge('castmatch_inbox_parked', 'Received webhooks that wait for an operator.'),
    outbox: gauge('castmatch_outbox_waiting', 'Trails with events whose delivery is not started yet.'),
    outboxLag: gauge('castmatch_outbox_lag_seconds', 'Age of the oldest row of the outbox.'),
    failing: gauge('castmatch_endpoints_failing', 'Enabled endpoints whose last delivery has failed.'),
    failingFor: gauge(
      'castmatch_endpoint_failing_seconds',
      'How long the endpoint that fails longest has failed.',
    ),
  };
  return {
    set: (read: Backlog) => {
      for (const [state, count] of read.auditions) auditions.set({ state }, count);
      endpoints.set({ status: 'enabled' }, read.endpoints.enabled);
      endpoints.set({ status: 'disabled' }, read.endpoints.disabled);
      for (const channel of channels) {
        budgets.set({ channel, use: 'nearly_spent' }, read.budgets.nearlySpent[channel]);
        budgets.set({ channel, use: 'spent' }, read.budgets.spent[channel]);
      }
      single.attention.set(read.attention.open);
      single.oldest.set(read.attention.oldestSeconds);
      single.inbox.set(read.inbox.waiting);
      single.inboxLag.set(read.inbox.lagSeconds);
      single.parked.set(read.inbox.parked);
      single.outbox.set(read.outbox.waiting);
      single.outboxLag.set(read.outbox.lagSeconds);
      single.failing.set(read.endpoints.failing);
      single.failingFor.set(read.endpoints.failingSeconds);
    },
    /** A gauge without labels would show 0 after `reset`: `remove` takes its value away. */
    reset: () => {
      for (const each of [auditions, endpoints, budgets]) each.reset();
      for (const each of Object.values(single)) each.remove();
    },
  };
};
