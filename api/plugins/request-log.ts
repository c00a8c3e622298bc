/**
 * One line per request. Routes are logged by their pattern and never by their address: a link's token, a search and
 * an IP address are a person's data.
 */
import { isProbe, isWebhookReceiver } from '../access/exempt-routes.ts';
import type { Api } from '../api.ts';

export const logRequests = (api: Api): void => {
  api.addHook('onResponse', (request, reply, done) => {
    done();
    const route = request.routeOptions.url ?? 'unmatched';
    // Asked for every few seconds by machines; a line each would hide everything else.
    if (isProbe(route) && reply.statusCode < 400) return;
    // Come in thousands, and are not lost sight of: the inbox keeps them, and the relay logs what becomes of each.
    const level = isWebhookReceiver(route) && reply.statusCode < 400 ? 'debug' : 'info';
    request.log[level](
      {
        method: request.method,
        route,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
        organization: request.caller?.organization,
      },
      'request answered',
    );
  });
};
