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
  const counted = new WeakMap<FastifyRequest, string>();

  app.addHook('onRequest', async (request) => {
    const mailbox = limit === 0 ? undefined : mailboxOf(request);
    if (mailbox === undefined) return;
    const others = running.get(mailbox) ?? 0;
    if (others >= limit) {
      throw new GraphError(429, 'ApplicationThrottled', 'Application is over its MailboxConcurrency limit.', {
        'retry-after': '1',
      });
    }
    running.set(mailbox, others + 1);
    counted.set(request, mailbox);
  });

  const ended = async (request: FastifyRequest) => {
    const mailbox = counted.get(request);
    if (mailbox === undefined) return;
    counted.delete(request);
    running.set(mailbox, (running.get(mailbox) ?? 1) - 1);
  };
  app.addHook('onResponse', ended);
  app.addHook('onRequestAbort', ended);
};
