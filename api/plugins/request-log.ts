/**
 * Logs one line per request. Logs the route pattern, never the URL or the client address: link tokens, searches and IP
 * addresses are personal data.
 */
import { isProbe, isWebhookReceiver } from '../access/exempt-routes.ts';
import type { Api } from '../api.ts';

/** Logs every completed request, except successful probes. */
export const logRequests = (api: Api): void => {
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
      },
      'request completed',
    );
  });
};
