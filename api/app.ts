/** Builds the Fastify server: plugins first, then access control and documentation, then the routes. */
import type { FastifyInstance } from 'fastify';
import { guardRoutes } from './access/authentication.ts';
import { loadLimits, shedLoad } from './access/load-shedding.ts';
import { createRateLimitedAuthentication, limitRequests, rateLimits } from './access/rate-limits.ts';
import type { Api } from './api.ts';
import type { ApiDependencies } from './dependencies.ts';
import { createHttpServer } from './http-server.ts';
import { monitoringRoutes } from './monitoring.ts';
import { addApiReference, addFavicon } from './plugins/api-reference.ts';
import { leavingPageHeaders, withBrowserPages } from './plugins/browser-pages.ts';
import { withCrossOrigin } from './plugins/cors.ts';
import { measureRequests } from './plugins/http-metrics.ts';
import { describeApi } from './plugins/openapi.ts';
import { refuseUndeclaredParts } from './plugins/undeclared-parts.ts';
import { handleUnmatchedRoutes } from './problems/unmatched.ts';
import { codecRoutes } from './routes/codec/routes.ts';
import { probeRoutes } from './routes/health.ts';
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
import { messageBudgetRoutes } from './routes/v1/message-budgets.ts';
import { participantErasure } from './routes/v1/participants/erase.ts';
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
  const { configuration } = dependencies;
  const sharesListener = configuration.monitoringPort === undefined;
  const api = await createHttpServer(dependencies, configuration.publicUrl.startsWith('https:'), watch);
  await describeApi(api);
  const registry = measureRequests(api, dependencies.metricsRegistry);
  handleUnmatchedRoutes(api);
  refuseUndeclaredParts(api);
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
  messageBudgetRoutes(api, dependencies);
  connectionCollection(api, dependencies);
  connectionItem(api, dependencies);
  connectionCalendars(api, dependencies);
  connectionRooms(api, dependencies);
  sessionBlockCollection(api, dependencies);
  sessionBlockItem(api, dependencies);
  blockSessions(api, dependencies);
  blockFeedAddress(api, dependencies);
  feedAddress(api, dependencies);
  participantErasure(api, dependencies);
  feedCalendar(api, dependencies);
  probeRoutes(api, dependencies);
  addFavicon(api);
  if (sharesListener) monitoringRoutes(api, dependencies, registry);
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
  if (sharesListener) await addApiReference(api);
  await api.ready();
  return api;
};
