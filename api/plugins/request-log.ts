/**
 * Logs one line per request. Logs the route pattern, never the URL or the client address: link tokens, searches and IP
 * addresses are personal data.
 */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import { isProbe, isWebhookReceiver } from '../access/exempt-routes.ts';
import type { Api } from '../api.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The audition that the request is about, where its path does not name it. For the log line. */
    auditionId: AuditionId | undefined;
  }
}

const pathSchema = z.object({ id: auditionIdSchema });
/** The id of an attention item begins with that of its audition. */
const itemSchema = z.object({
  id: z
    .string()
    .transform((id) => /^att_(aud_.+)-\d+$/.exec(id)?.[1])
    .pipe(auditionIdSchema),
});

const auditionOf = ({ auditionId, params }: FastifyRequest): AuditionId | undefined =>
  auditionId ?? pathSchema.safeParse(params).data?.id ?? itemSchema.safeParse(params).data?.id;

/** Logs every completed request, except successful probes. */
export const logRequests = (api: Api): void => {
  api.decorateRequest('auditionId', undefined);
  api.addHook('onResponse', (request, reply, done) => {
    done();
    const route = request.routeOptions.url ?? 'unmatched';
    // Probes come every few seconds; their log lines would hide everything else.
    if (isProbe(route) && reply.statusCode < 400) return;
    // Thousands of webhooks arrive. The inbox stores them, and the relay logs the result of each.
    const level = isWebhookReceiver(route) && reply.statusCode < 400 ? 'debug' : 'info';
    request.log[level](
      {
        method: request.method,
        route,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
        organization: request.caller?.organization,
        auditionId: auditionOf(request),
      },
      'request completed',
    );
  });
};
