/**
 * Limits the simultaneous requests to one mailbox, and those in ten minutes:
 * https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createSlidingWindow } from '../sliding-window.ts';
import type { Clock } from '../time.ts';
import { GraphError } from './errors.ts';

const windowMs = 600_000;

interface RequestLimits {
  readonly mailboxOf: (request: FastifyRequest) => string | undefined;
  readonly limit: number;
  readonly clock: Clock;
}

/** Rejects a request when its mailbox has had `limit` requests in ten minutes. 0 means no limit. The text is not documented. */
export const limitRequests = (app: FastifyInstance, { mailboxOf, limit, clock }: RequestLimits): void => {
  const mailboxes = createSlidingWindow({ limit, windowMs }, clock);
  app.addHook('onRequest', async (request) => {
    const mailbox = mailboxOf(request);
    const waitMs = mailbox === undefined ? 0 : mailboxes.take(mailbox);
    if (waitMs === 0) return;
    throw new GraphError(429, 'ApplicationThrottled', 'Application is over its RequestRate limit.', {
      'retry-after': String(Math.ceil(waitMs / 1_000)),
    });
  });
};

/** Rejects a request when as many as `limit` are running at its mailbox. 0 means no limit. */
export const limitConcurrency = (
  app: FastifyInstance,
  mailboxOf: (request: FastifyRequest) => string | undefined,
  limit: number,
) => {
  const running = new Map<string, number>();
  app.addHook('onRequest', async (request, reply) => {
    const mailbox = limit === 0 ? undefined : mailboxOf(request);
    if (mailbox === undefined) return;
    const others = running.get(mailbox) ?? 0;
    if (others >= limit) {
      const message = 'Application is over its MailboxConcurrency limit.';
      throw new GraphError(429, 'ApplicationThrottled', message, { 'retry-after': '1' });
    }
    running.set(mailbox, others + 1);
    // Also emitted when the connection closes without an answer.
    reply.raw.once('close', () => running.set(mailbox, (running.get(mailbox) ?? 1) - 1));
  });
};
