/** Starts the API with its real dependencies. */
import { Registry } from 'prom-client';
import { createUnreadableReport } from '../activities/connections/unreadable-report.ts';
import { createWatchEnding } from '../activities/connections/watch-ending.ts';
import { workflowTaskQueue } from '../activities/contract.ts';
import { createDatabaseClient } from '../db/client.ts';
import { createRepositories, type Repositories } from '../db/index.ts';
import { checkAll, createDatabaseCheck, createKeyDatabaseCheck } from '../db/readiness.ts';
import { toInstant } from '../domain/time/epoch.ts';
import { createKeyWrapping } from '../foundation/encryption/configured-wrapping.ts';
import { createConnectionLinks } from '../foundation/links/connection-link.ts';
import { createFeedLinks, createSessionFeedLinks } from '../foundation/links/feed-link.ts';
import { createJoinLinkIds } from '../foundation/links/join-link.ts';
import { createRecordingLinks } from '../foundation/links/recording-link.ts';
import { createResponseLinks } from '../foundation/links/response-link.ts';
import { createFactLog } from '../foundation/observability/fact-log.ts';
import type { Logger } from '../foundation/observability/logger.ts';
import { createProcessMetrics } from '../foundation/observability/process-metrics.ts';
import { calendarName, calendarNames } from '../providers/calendar-names.ts';
import type { Configuration } from '../providers/configuration.ts';
import { createCallMetrics } from '../providers/metrics.ts';
import { type AccessTokens, createAccessTokens } from '../providers/oauth/access-tokens.ts';
import { connectedAccountOf } from '../providers/oauth/connected-account.ts';
import { createEarlyCheck } from '../providers/outbound/early-check.ts';
import type { Providers } from '../providers/ports.ts';
import { createProviders } from '../providers/registry.ts';
import { quotasWith } from '../providers/resilience/quotas.ts';
import { withResilience } from '../providers/resilience/resilient-providers.ts';
import { createTokenVerifier } from './access/jwt-verifier.ts';
import { buildApi } from './app.ts';
import { createAuditionWorkflows } from './auditions/audition-workflows.ts';
import { createJoinAddresses } from './auditions/join-addresses.ts';
import { findBusyWith } from './calendars/busy.ts';
import { listCalendarsWith } from './calendars/calendar-lists.ts';
import { findRoomBusyWith, listRoomsWith } from './calendars/rooms.ts';
import type { ApiDependencies, NameCalendar } from './dependencies.ts';
import { buildMonitoring } from './monitoring.ts';
import { createPersonWorkflows } from './people/person-workflows.ts';
import { createRecordingWorkflows } from './recordings/recording-workflows.ts';
import { connectTemporal } from './temporal-connection.ts';
import { createDeliveryWorkflows } from './webhook-endpoints/delivery-workflows.ts';

export interface RunningApi {
  /** The address on which it listens, with the actual port. */
  readonly url: string;
  /** The address of the monitoring listener, if it has one of its own. */
  readonly monitoringUrl?: string | undefined;
  /** Makes /readyz report `draining`. All requests are still served. */
  drain(): void;
  /** Finishes open requests, then closes every connection. */
  close(): Promise<void>;
}

const nameCalendarWith =
  (
    connections: Repositories['connections'],
    accessTokens: AccessTokens,
    { calendars }: Providers,
  ): NameCalendar =>
  async (organization, { provider, connection: id, calendarId }, call) => {
    const connection = await connections.get(organization, id);
    if (!connection) return [calendarName(provider, { id, account: undefined }, calendarId)];
    const open = async () => connectedAccountOf(connection, accessTokens, 'calendar.listEvents');
    return calendarNames(calendars[provider], connection, calendarId, open, call);
  };

/** The development Web UI has no fixed port. */
const localOrigins = /^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/;

const webUiOrigins = ({ environment, temporalUiUrl }: Configuration): readonly (string | RegExp)[] => [
  ...(temporalUiUrl === undefined ? [] : [temporalUiUrl]),
  ...(environment === 'local' ? [localOrigins] : []),
];

/**
 * Starts the API, even while the database or Temporal is unavailable; /readyz reports their state.
 * @throws when it cannot listen on the port
 */
export const startApi = async ({
  configuration,
  logger,
  host,
}: {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly host: string;
}): Promise<RunningApi> => {
  const database = createDatabaseClient(configuration.databaseUrl, {
    applicationName: 'castmatch-api',
    onIdleError: (err) => logger.warn({ err }, 'idle database connection lost'),
  });
  const keyDatabase = createDatabaseClient(configuration.keyDatabaseUrl, {
    applicationName: 'castmatch-api',
    onIdleError: (err) => logger.warn({ err }, 'idle key database connection lost'),
  });
  const repositories = createRepositories(
    database.db,
    createKeyWrapping(configuration),
    keyDatabase.db,
    createFactLog(logger),
  );
  // The names of calendars of an earlier version are keyed now. A request that needs them before waits, or tries again.
  void repositories
    .storedNames()
    .catch((err: unknown) =>
      logger.error({ err }, 'names of calendars not keyed; retrying with the next request'),
    );
  const temporal = connectTemporal(configuration, repositories.vault);
  const providers = createProviders(configuration, createUnreadableReport(repositories, logger));
  const accessTokens = createAccessTokens({
    store: repositories.connections,
    authorizers: providers.authorizers.oauth,
  });
  const metricsRegistry = new Registry();
  createProcessMetrics(metricsRegistry, { revision: configuration.revision, pool: database.pool });
  const guardedProviders = withResilience(providers, {
    quotaBook: repositories.quotas,
    healthStore: repositories.providerHealth,
    limits: configuration.quotas,
    accounts: providers.sharedAccounts,
    metrics: createCallMetrics(metricsRegistry),
    logger,
    process: 'api',
  });
  const joinLinkIds = createJoinLinkIds(configuration.masterKeys);
  let isDraining = false;
  const closeParts = async () => {
    await Promise.all([temporal.close(), providers.close(), database.close(), keyDatabase.close()]);
  };
  try {
    const dependencies: ApiDependencies = {
      configuration,
      repositories,
      auditionWorkflows: createAuditionWorkflows({
        temporal: temporal.client,
        taskQueue: `${workflowTaskQueue}${configuration.taskQueueSuffix}`,
      }),
      deliveryWorkflows: createDeliveryWorkflows({
        temporal: temporal.client,
        taskQueue: `${workflowTaskQueue}${configuration.taskQueueSuffix}`,
      }),
      recordingWorkflows: createRecordingWorkflows({ temporal: temporal.client }),
      personWorkflows: createPersonWorkflows(temporal.client),
      recordingLinks: createRecordingLinks(configuration.masterKeys),
      storage: guardedProviders.storage,
      assertUrlAllowed: createEarlyCheck(configuration),
      joinLinkIds,
      joinAddresses: createJoinAddresses({
        joinLinks: repositories.joinLinks,
        ids: joinLinkIds,
        publicUrl: configuration.publicUrl,
      }),
      responseLinks: createResponseLinks(configuration.masterKeys),
      feedLinks: createFeedLinks(configuration.masterKeys),
      sessionFeedLinks: createSessionFeedLinks(configuration.masterKeys),
      connectionLinks: createConnectionLinks(configuration.masterKeys),
      authorizers: providers.authorizers,
      watchEnding: createWatchEnding({
        connections: repositories.connections,
        watchSubscriptions: repositories.watchSubscriptions,
        authorizers: providers.authorizers.oauth,
        calendarChanges: guardedProviders.calendarChanges,
        logger,
      }),
      findBusy: findBusyWith(repositories, accessTokens, guardedProviders),
      nameCalendar: nameCalendarWith(repositories.connections, accessTokens, guardedProviders),
      listCalendars: listCalendarsWith(accessTokens, guardedProviders),
      findRoomBusy: findRoomBusyWith(repositories, accessTokens, guardedProviders),
      listRooms: listRoomsWith(accessTokens, guardedProviders),
      integrations: providers.checks,
      quotas: Object.entries(quotasWith(configuration.quotas)).map(([name, quota]) => ({ name, ...quota })),
      metricsRegistry,
      checks: {
        database: checkAll(createDatabaseCheck(database.pool), createKeyDatabaseCheck(keyDatabase.pool)),
        temporal: () => temporal.check(),
      },
      verifyToken:
        configuration.jwt &&
        createTokenVerifier(configuration.jwt, (err) =>
          logger.warn({ err }, 'token issuer keys unavailable'),
        ),
      waitingQueryCount: () => database.pool.waitingCount,
      isDraining: () => isDraining,
      webUiOrigins: webUiOrigins(configuration),
      logger,
      now: () => toInstant(Date.now()),
    };
    const api = await buildApi(dependencies);
    const url = await api.listen({ port: configuration.port, host });
    const monitoring =
      configuration.monitoringPort === undefined
        ? undefined
        : await buildMonitoring(api, dependencies, metricsRegistry);
    const monitoringUrl = await monitoring?.listen({ port: configuration.monitoringPort, host });
    return {
      url,
      monitoringUrl,
      drain: () => {
        isDraining = true;
      },
      close: async () => {
        await api.close();
        await monitoring?.close();
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
};
