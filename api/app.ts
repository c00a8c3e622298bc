/** Builds the Fastify server: plugins first, then access control and documentation, then the routes. */
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { guardRoutes } from './access/authentication.ts';
import { removeForwardedPorts } from './access/forwarded-addresses.ts';
import { loadLimits, shedLoad } from './access/load-shedding.ts';
import { createRateLimitedAuthentication, limitRequests, rateLimits } from './access/rate-limits.ts';
import type { Api } from './api.ts';
import type { ApiDependencies } from './dependencies.ts';
import { addApiReference } from './plugins/api-reference.ts';
import { leavingPageHeaders, withBrowserPages } from './plugins/browser-pages.ts';
import { correlationIdOf, returnCorrelationId } from './plugins/correlation.ts';
import { withCrossOrigin } from './plugins/cors.ts';
import { measureRequests } from './plugins/http-metrics.ts';
import { readJsonBodies } from './plugins/json-body.ts';
import { describeApi, openApiRoute } from './plugins/openapi.ts';
import { refuseUnknownParameters } from './plugins/query-parameters.ts';
import { logRequests } from './plugins/request-log.ts';
import { addSecurityHeaders, forbidCaching } from './plugins/security-headers.ts';
import { handleClientError } from './problems/client-error.ts';
import { handleError } from './problems/error-handler.ts';
import { handleUnmatchedRoutes } from './problems/unmatched.ts';
import { codecRoutes } from './routes/codec/routes.ts';
import { healthRoutes } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';
import { connectionCalendarPages } from './routes/pages/connections/calendar-routes.ts';
import { connectionCallback } from './routes/pages/connections/callback.ts';
import { connectionPages } from './routes/pages/connections/routes.ts';
import { joinRoutes } from './routes/pages/join/routes.ts';
import { recordingPages } from './routes/pages/recordings/routes.ts';
import { respondRoutes } from './routes/pages/respond/routes.ts';
import { administrativeActRoutes } from './routes/v1/administrative-acts.ts';
import { attentionRoutes } from './routes/v1/attention.ts';
import { auditionCollection } from './routes/v1/auditions/collection.ts';
import { auditionCommandRoutes } from './routes/v1/auditions/commands.ts';
import { auditionItem } from './routes/v1/auditions/item.ts';
import { auditionJoinLinks } from './routes/v1/auditions/join-links.ts';
import { auditionParticipants } from './routes/v1/auditions/participants.ts';
import { waitingListRoutes } from './routes/v1/auditions/waiting-list.ts';
import { availabilityRoutes } from './routes/v1/availability.ts';
import { connectionCalendars } from './routes/v1/connections/calendars.ts';
import { connectionCollection } from './routes/v1/connections/collection.ts';
import { connectionItem } from './routes/v1/connections/item.ts';
import { connectionRooms } from './routes/v1/connections/rooms.ts';
import { feedAddress } from './routes/v1/feeds/address.ts';
import { feedCalendar } from './routes/v1/feeds/calendar.ts';
import { recordingCollection } from './routes/v1/recordings/collection.ts';
import { recordingConsentRoutes } from './routes/v1/recordings/consents.ts';
import { recordingItem } from './routes/v1/recordings/item.ts';
import { recordingLegalHolds } from './routes/v1/recordings/legal-hold.ts';
import { recordingPolicyRoutes } from './routes/v1/recordings/policy.ts';
import { sessionBlockCollection } from './routes/v1/session-blocks/collection.ts';
import { blockFeedAddress } from './routes/v1/session-blocks/feed.ts';
import { sessionBlockItem } from './routes/v1/session-blocks/item.ts';
import { blockSessions } from './routes/v1/session-blocks/sessions.ts';
import { webhookEndpointActions } from './routes/v1/webhook-endpoints/actions.ts';
import { webhookEndpointCollection } from './routes/v1/webhook-endpoints/collection.ts';
import { webhookEndpointItem } from './routes/v1/webhook-endpoints/item.ts';
import { webhookRoutes } from './routes/v1/webhooks/routes.ts';

const bodyLimit = 256 * 1024;
/**
 * The token of a link is longer than the router's default of 100 characters for a path segment. Node accepts no longer
 * address than this (16 KiB of headers), so the route's schema validates the length, with a proper error.
 */
const maxParamLength = 16_384;

/** Maximum time for a whole request, and for its headers, to arrive. A slow sender occupies a connection. */
const requestTimeoutMs = 30_000;
const headersTimeoutMs = 15_000;
/** Node enforces both at this interval. Its default of 30 s would double them. */
const connectionsCheckingIntervalMs = 1_000;
/** Longer than load balancers keep idle connections (usually 60 s). Otherwise they send into a closed connection. */
const keepAliveTimeoutMs = 72_000;

const createServer = ({ logger, configuration: { trustedProxies } }: ApiDependencies): Api =>
  Fastify({
    loggerInstance: logger,
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: connectionsCheckingIntervalMs },
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    // Requests during shutdown are still served: load balancers have seen /readyz and send no new ones.
    return503OnClosing: false,
    routerOptions: { maxParamLength },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'correlationId' }),
    genReqId: correlationIdOf,
    frameworkErrors: handleError,
    clientErrorHandler: handleClientError,
  }).withTypeProvider<ZodTypeProvider>();

/** Checks a request in this order: overload, authentication, permission, rate limit. */
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
 * Builds the API without listening; the caller uses `listen` or `inject`.
 * @param watch receives the server before any plugin or route is added
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
  readJsonBodies(api);
  api.setErrorHandler(handleError);

  removeForwardedPorts(api);
  await addSecurityHeaders(api, dependencies.configuration.publicUrl);
  forbidCaching(api);
  await describeApi(api);
  returnCorrelationId(api);
  logRequests(api);
  const registry = measureRequests(api, dependencies.metricsRegistry);
  handleUnmatchedRoutes(api);
  refuseUnknownParameters(api);
  await guard(api, dependencies);

  auditionCollection(api, dependencies);
  auditionItem(api, dependencies);
  auditionCommandRoutes(api, dependencies);
  auditionParticipants(api, dependencies);
  recordingCollection(api, dependencies);
  recordingItem(api, dependencies);
  recordingLegalHolds(api, dependencies);
  recordingPolicyRoutes(api, dependencies);
  recordingConsentRoutes(api, dependencies);
  auditionJoinLinks(api, dependencies);
  waitingListRoutes(api, dependencies);
  attentionRoutes(api, dependencies);
  availabilityRoutes(api, dependencies);
  webhookEndpointCollection(api, dependencies);
  webhookEndpointItem(api, dependencies);
  webhookEndpointActions(api, dependencies);
  administrativeActRoutes(api, dependencies);
  connectionCollection(api, dependencies);
  connectionItem(api, dependencies);
  connectionCalendars(api, dependencies);
  connectionRooms(api, dependencies);
  sessionBlockCollection(api, dependencies);
  sessionBlockItem(api, dependencies);
  blockSessions(api, dependencies);
  blockFeedAddress(api, dependencies);
  feedAddress(api, dependencies);
  feedCalendar(api, dependencies);
  healthRoutes(api, dependencies);
  metricsRoute(api, registry);
  openApiRoute(api);
  await withBrowserPages(api, (scope) => {
    respondRoutes(scope, dependencies);
    recordingPages(scope, dependencies);
    connectionPages(scope, dependencies);
    connectionCalendarPages(scope, dependencies);
    connectionCallback(scope, dependencies);
  });
  await withBrowserPages(api, (scope) => joinRoutes(scope, dependencies), leavingPageHeaders);
  await webhookRoutes(api, dependencies);
  await withCrossOrigin(api, '/codec', dependencies.webUiOrigins, (scope) =>
    codecRoutes(scope, dependencies),
  );
  await addApiReference(api);
  await api.ready();
  return api;
};
