/**
 * One line per request. Routes are logged by their pattern and never by their address: a link's token, a search and
 * an IP address are a person's data.
 */
import type { Api } from './api.ts';

/** Asked for every few seconds by machines; a line each would hide everything else. */
const quiet: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

export const logRequests = (api: Api): void => {
  api.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unmatched';
    if (quiet.has(route) && reply.statusCode < 400) return;
    request.log.info(
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
