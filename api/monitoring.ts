/**
 * The routes for operators and monitoring: /metrics, /docs, /openapi.json and /health/integrations. They reveal how
 * the service works and how busy it is. With MONITORING_PORT, they have a listener of their own, which the public proxy
 * does not reach. /healthz and /readyz are on both: load balancers probe the port to which they send requests.
 */
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Api } from './api.ts';
import type { ApiDependencies } from './dependencies.ts';
import { createHttpServer } from './http-server.ts';
import { addApiReference, addFavicon } from './plugins/api-reference.ts';
import { openApiRoute } from './plugins/openapi.ts';
import { handleUnmatchedRoutes } from './problems/unmatched.ts';
import { integrationHealthRoutes, probeRoutes } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';

/**
 * Adds the routes to a server, except the page /docs.
 * @param documented the server that /docs describes, when it is another one
 */
export const monitoringRoutes = (
  api: Api,
  dependencies: ApiDependencies,
  registry: Registry,
  documented = api,
): void => {
  integrationHealthRoutes(api, dependencies);
  metricsRoute(api, registry);
  openApiRoute(api, documented);
};

/**
 * Builds the server of the monitoring port, without listening. It serves plain HTTP and asks for no key: only the
 * network protects it.
 */
export const buildMonitoring = async (
  documented: Api,
  dependencies: ApiDependencies,
  registry: Registry,
): Promise<FastifyInstance> => {
  const api = await createHttpServer(dependencies, false);
  handleUnmatchedRoutes(api);
  probeRoutes(api, dependencies);
  addFavicon(api);
  monitoringRoutes(api, dependencies, registry, documented);
  await addApiReference(api);
  await api.ready();
  return api;
};
