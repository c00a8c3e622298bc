/**
 * Limits the simultaneous requests to one mailbox:
 * https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GraphError } from './errors.ts';

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
