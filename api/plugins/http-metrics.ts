/** The API's metrics for Prometheus. Labels contain route patterns, never IDs. */
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { Api } from '../api.ts';

/** From a cached read (milliseconds) to the longest wait for the result of an update. */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Node.js accepts about 35 methods. As a label, each would be a series of its own for every route and status. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Measures every request, and returns the registry that /metrics serves. */
export const measureRequests = (api: Api, registry = new Registry()): Registry => {
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'castmatch_http_request_duration_seconds',
    help: 'Requests to the API by route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: secondsBuckets,
    registers: [registry],
  });
  api.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    requests.observe(
      {
        method: methods.has(request.method) ? request.method : 'other',
        route,
        status: String(reply.statusCode),
      },
      reply.elapsedTime / 1_000,
    );
    done();
  });
  return registry;
};
