/** Starts the API with its real dependencies. */
import { Registry } from 'prom-client';
import { readVisibleTimes } from '../activities/calendar/visible-times.ts';
import { createUnreadableReport } from '../activities/connections/unreadable-report.ts';
import { workflowTaskQueue } from '../activities/contract.ts';
import { createDatabaseClient } from '../db/client.ts';
import { createRepositories, type Repositories } from '../db/index.ts';
import { createDatabaseCheck } from '../db/readiness.ts';
import { Refusal } from '../domain/errors.ts';
import { isCalendarProvider } from '../domain/providers/vendors.ts';
import { toInstant } from '../domain/time/epoch.ts';
import { createKeyWrapping } from '../foundation/encryption/configured-wrapping.ts';
import { createConnectionLinks } from '../foundation/links/connection-link.ts';
import { createFeedLinks, createSessionFeedLinks } from '../foundation/links/feed-link.ts';
import { createJoinLinkIds } from '../foundation/links/join-link.ts';
import { createRecordingLinks } from '../foundation/links/recording-link.ts';
import { createResponseLinks } from '../foundation/links/response-link.ts';
import type { Logger } from '../foundation/observability/logger.ts';
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
import { listCalendarsWith } from './calendars/calendar-lists.ts';
import { findRoomBusyWith, listRoomsWith } from './calendars/rooms.ts';
import type { FindBusy, NameCalendar } from './dependencies.ts';
import { createRecordingWorkflows } from './recordings/recording-workflows.ts';
import { connectTemporal } from './temporal-connection.ts';
import { createDeliveryWorkflows } from './webhook-endpoints/delivery-workflows.ts';

export interface RunningApi {
  /** The address on which it listens, with the actual port. */
  readonly url: string;
  /** Makes /readyz report `draining`. All requests are still served. */
  drain(): void;
  /** Finishes open requests, then closes every connection. */
  close(): Promise<void>;
}

const findBusyWith =
  (
    connections: Repositories['connections'],
    accessTokens: AccessTokens,
    { calendars }: Providers,
  ): FindBusy =>
  async (organization, { connection: id, calendarIds }, window, call, tentative) => {
    const connection = await connections.get(organization, id);
    if (connection && isCalendarProvider(connection.provider) && connection.status !== 'disconnected') {
      const provider = calendars[connection.provider];
      if (tentative === 'block') {
        const account = connectedAccountOf(connection, accessTokens, 'calendar.freeBusy');
        return provider.freeBusy(account, calendarIds, window, call);
      }
      // Only events tell which are tentative.
      const account = connectedAccountOf(connection, accessTokens, 'calendar.listEvents');
      const times = await Promise.all(
        calendarIds.map((calendarId) => readVisibleTimes(provider, account, calendarId, window, call)),
      );
      return times
        .flat()
        .filter(({ busy }) => busy === 'busy')
        .map(({ start, end }) => ({ start, end }));
    }
    throw new Refusal(
      'unknown_connection',
      `Your organization has no connection ${id}.`,
      'Connect the calendar first, or omit it.',
    );
  };

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
  const temporal = connectTemporal(configuration);
  const repositories = createRepositories(database.db, createKeyWrapping(configuration));
  const providers = createProviders(configuration, createUnreadableReport(repositories, logger));
  const accessTokens = createAccessTokens({
    store: repositories.connections,
    authorizers: providers.authorizers.oauth,
  });
  const metricsRegistry = new Registry();
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
    await Promise.all([temporal.close(), providers.close(), database.close()]);
  };
  try {
    const api = await buildApi({
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
      findBusy: findBusyWith(repositories.connections, accessTokens, guardedProviders),
      nameCalendar: nameCalendarWith(repositories.connections, accessTokens, guardedProviders),
      listCalendars: listCalendarsWith(accessTokens, guardedProviders),
      findRoomBusy: findRoomBusyWith(repositories, accessTokens, guardedProviders),
      listRooms: listRoomsWith(accessTokens, guardedProviders),
      integrations: providers.checks,
      quotas: Object.entries(quotasWith(configuration.quotas)).map(([name, quota]) => ({ name, ...quota })),
      metricsRegistry,
      checks: {
        database: createDatabaseCheck(database.pool),
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
    });
    const url = await api.listen({ port: configuration.port, host });
    return {
      url,
      drain: () => {
        isDraining = true;
      },
      close: async () => {
        await api.close();
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
};
