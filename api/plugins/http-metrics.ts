/** The API's own figures for Prometheus. Labelled by route pattern: a label never holds an id. */
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { Api } from '../api.ts';

/** From a cached read to the longest wait for an update's result. */
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts every request from here on; answers with the registry to be shown at /metrics. */
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
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1_000,
    );
    done();
  });
  return registry;
};
