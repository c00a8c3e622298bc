/** The API, put together: plugins first, then what guards and describes every route, then the routes. */
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { guardRoutes } from './access/authentication.ts';
import { loadLimits, shedLoad } from './access/load-shedding.ts';
import { createRateLimitedAuthentication, limitRequests, rateLimits } from './access/rate-limits.ts';
import type { Api } from './api.ts';
import type { ApiDependencies } from './dependencies.ts';
import { addApiReference } from './plugins/api-reference.ts';
import { withBrowserPages } from './plugins/browser-pages.ts';
import { correlationIdOf, returnCorrelationId } from './plugins/correlation.ts';
import { withCrossOrigin } from './plugins/cors.ts';
import { measureRequests } from './plugins/http-metrics.ts';
import { describeApi, openApiRoute } from './plugins/openapi.ts';
import { logRequests } from './plugins/request-log.ts';
import { addSecurityHeaders, forbidCaching } from './plugins/security-headers.ts';
import { handleClientError } from './problems/client-error.ts';
import { handleError } from './problems/error-handler.ts';
import { handleUnmatchedRoutes } from './problems/unmatched.ts';
import { codecRoutes } from './routes/codec/routes.ts';
import { healthRoutes } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';
import { connectionCallback } from './routes/pages/connections/callback.ts';
import { connectionPages } from './routes/pages/connections/routes.ts';
import { respondRoutes } from './routes/pages/respond/routes.ts';
import { administrativeActRoutes } from './routes/v1/administrative-acts.ts';
import { attentionRoutes } from './routes/v1/attention.ts';
import { auditionCollection } from './routes/v1/auditions/collection.ts';
import { auditionCommandRoutes } from './routes/v1/auditions/commands.ts';
import { auditionItem } from './routes/v1/auditions/item.ts';
import { availabilityRoutes } from './routes/v1/availability.ts';
import { connectionCollection } from './routes/v1/connections/collection.ts';
import { connectionItem } from './routes/v1/connections/item.ts';
import { webhookEndpointActions } from './routes/v1/webhook-endpoints/actions.ts';
import { webhookEndpointCollection } from './routes/v1/webhook-endpoints/collection.ts';
import { webhookEndpointItem } from './routes/v1/webhook-endpoints/item.ts';
import { webhookRoutes } from './routes/v1/webhooks/routes.ts';

const bodyLimit = 256 * 1024;
/**
 * A link's token is longer than the router's 100 characters for a part of the path. What is too long is for the route's
 * schema to say, which knows how to say it: no address that Node takes has a longer part than this (16 KiB of headers).
 */
const maxParamLength = 16_384;

/** How long a whole request may take to arrive, and its headers: who sends them drop by drop holds a connection. */
const requestTimeoutMs = 30_000;
const headersTimeoutMs = 15_000;
/** Longer than a load balancer keeps an idle connection (60 s at most of them), or it would send into a closed one. */
const keepAliveTimeoutMs = 72_000;

const createServer = ({ logger, configuration: { trustedProxies } }: ApiDependencies): Api =>
  Fastify({
    loggerInstance: logger,
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    http: { headersTimeout: headersTimeoutMs },
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    // Whoever asks while we end is answered: readiness has sent everybody else away by then.
    return503OnClosing: false,
    routerOptions: { maxParamLength },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'correlationId' }),
    genReqId: correlationIdOf,
    frameworkErrors: handleError,
    clientErrorHandler: handleClientError,
  }).withTypeProvider<ZodTypeProvider>();

/** In this order: whether there is room for a request, who sends it, whether they may, and whether they have had enough. */
const guard = async (
  api: Api,
  {
    repositories: { apiKeys },
    verifyToken,
    waitingQueryCount = () => 0,
    limits = { ...rateLimits, ...loadLimits },
  }: ApiDependencies,
): Promise<void> => {
  await shedLoad(api, waitingQueryCount, limits);
  guardRoutes(api, await createRateLimitedAuthentication(api, { apiKeys, verifyToken }, limits));
  limitRequests(api, limits);
};

/**
 * Builds the API without listening: `listen` or `inject` is the caller's. `watch` sees the server before anything is
 * added to it.
 */
export const buildApi = async (
  dependencies: ApiDependencies,
  watch?: (api: FastifyInstance) => void,
): Promise<FastifyInstance> => {
  const api = createServer(dependencies);
  watch?.(api);
  api.setValidatorCompiler(validatorCompiler);
  api.setSerializerCompiler(serializerCompiler);
  api.removeContentTypeParser('text/plain');
  api.setErrorHandler(handleError);

  await addSecurityHeaders(api, dependencies.configuration.publicUrl);
  forbidCaching(api);
  await describeApi(api);
  returnCorrelationId(api);
  logRequests(api);
  const registry = measureRequests(api, dependencies.metricsRegistry);
  handleUnmatchedRoutes(api);
  await guard(api, dependencies);

  auditionCollection(api, dependencies);
  auditionItem(api, dependencies);
  auditionCommandRoutes(api, dependencies);
  attentionRoutes(api, dependencies);
  availabilityRoutes(api, dependencies);
  webhookEndpointCollection(api, dependencies);
  webhookEndpointItem(api, dependencies);
  webhookEndpointActions(api, dependencies);
  administrativeActRoutes(api, dependencies);
  connectionCollection(api, dependencies);
  connectionItem(api, dependencies);
  healthRoutes(api, dependencies);
  metricsRoute(api, registry);
  openApiRoute(api);
  await withBrowserPages(api, (scope) => {
    respondRoutes(scope, dependencies);
    connectionPages(scope, dependencies);
    connectionCallback(scope, dependencies);
  });
  await webhookRoutes(api, dependencies);
  await withCrossOrigin(api, '/codec', dependencies.webUiOrigins, (scope) =>
    codecRoutes(scope, dependencies),
  );
  await addApiReference(api);
  await api.ready();
  return api;
};
