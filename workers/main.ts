/** The worker process: runs the workers of all task queues, the relays and the health server until it is stopped. */
import closeWithGrace from 'close-with-grace';
import { createUnreadableReport } from '../activities/connections/unreadable-report.ts';
import {
  type ActivityDependencies,
  createActivities,
  createMediaActivities,
  createRepairActivities,
  createSyncActivities,
} from '../activities/index.ts';
import { createLookAtMeeting } from '../activities/meetings/meetings.ts';
import type { AuditionRuns } from '../activities/reconciliation/audition-runs.ts';
import { createDatabaseClient } from '../db/client.ts';
import { createRepositories, type Repositories } from '../db/index.ts';
import { migrateAtStart } from '../db/migrate.ts';
import { checkAll, createDatabaseCheck, createKeyDatabaseCheck } from '../db/readiness.ts';
import { isDeployed } from '../foundation/configuration/defaults.ts';
import { failToStart } from '../foundation/configuration/start-failure.ts';
import { createKeyWrapping } from '../foundation/encryption/configured-wrapping.ts';
import { createJoinLinkIds } from '../foundation/links/join-link.ts';
import { createReplyAddresses } from '../foundation/links/reply-address.ts';
import { createResponseLinkIds } from '../foundation/links/response-link.ts';
import { createFactLog } from '../foundation/observability/fact-log.ts';
import { createLogger } from '../foundation/observability/logger.ts';
import { createProcessMetrics } from '../foundation/observability/process-metrics.ts';
import { type Configuration, loadConfiguration } from '../providers/configuration.ts';
import { type AccessTokens, createAccessTokens } from '../providers/oauth/access-tokens.ts';
import type { Providers } from '../providers/ports.ts';
import { createProviders } from '../providers/registry.ts';
import { withResilience } from '../providers/resilience/resilient-providers.ts';
import { createAuditionSignals } from './calendar-sync/audition-signals.ts';
import { startCalendarSyncs } from './calendar-sync/starter.ts';
import { startFailureReports } from './connections/failure-reports.ts';
import { startConnectionMaintenance } from './connections/start-connection-maintenance.ts';
import { startTokenRefresh } from './connections/token-refresh.ts';
import { healthAddress, startHealthServer } from './health/health-server.ts';
import { createReadinessCheck } from './health/readiness.ts';
import { freeLoopbackAddress, readSdkMetrics } from './health/sdk-metrics.ts';
import { startInboxRelay } from './inbox/inbox.ts';
import { startMeetingWatch } from './meeting-watch/start-meeting-watch.ts';
import { createMetrics } from './metrics.ts';
import { createBacklogMetrics } from './observation/backlog-metrics.ts';
import { observeBudgets } from './observation/budgets.ts';
import { observeAttention } from './observation/business-events.ts';
import { createCalendarFindingReport, createFindingReport } from './observation/findings.ts';
import { openOutbox } from './outbox/outbox.ts';
import { createAuditionRuns } from './reconciliation/audition-runs.ts';
import { startReconciliationSchedule } from './reconciliation/schedule.ts';
import { createRecordingAttentionReport } from './recordings/attention-report.ts';
import { startHeldCopies } from './recordings/held-copies.ts';
import { startRecordingDeletions } from './recordings/start-deletions.ts';
import { installRuntime } from './runtime.ts';
import { startBlockRelay } from './session-blocks/block-relay.ts';
import { shutdownTimeoutMs } from './shutdown/timeouts.ts';
import { startSilentMessages } from './silent-messages/start-silent-messages.ts';
import { signalSlotTaken } from './slot-taken.ts';
import { startWorkers } from './worker.ts';

const main = async (): Promise<void> => {
  const configuration = loadConfiguration();
  const logger = createLogger({ level: configuration.logLevel, process: 'worker' });
  const metrics = createMetrics();
  const sdkMetricsAddress = await freeLoopbackAddress();
  installRuntime(logger, sdkMetricsAddress);

  const separation = await migrateAtStart(configuration.databaseUrl, {
    keyDatabaseUrl: configuration.keyDatabaseUrl,
    onRetry: (err) => logger.warn({ err }, 'database not ready; retrying'),
  });
  if (separation === 'owner' && isDeployed(configuration.environment))
    logger.warn('database role owns the audit trail; see docs/runbooks/database.md, Roles');
  const database = createDatabaseClient(configuration.databaseUrl, {
    applicationName: 'castmatch-worker',
    onIdleError: (err) => logger.warn({ err }, 'idle database connection lost'),
  });
  const keyDatabase = createDatabaseClient(configuration.keyDatabaseUrl, {
    applicationName: 'castmatch-worker',
    onIdleError: (err) => logger.warn({ err }, 'idle key database connection lost'),
  });
  const stored = createRepositories(
    database.db,
    createKeyWrapping(configuration),
    keyDatabase.db,
    createFactLog(logger),
  );
  // Before anything is read: rows of an earlier version have other names, and no process of that version can add one any more.
  await stored.storedNames();
  const providers = createProviders(configuration, createUnreadableReport(stored, logger));
  const repositories = {
    ...stored,
    events: observeAttention(stored.events, { metrics, logger }),
    messageBudgets: observeBudgets(stored.messageBudgets, { metrics, logger }),
  };
  const accessTokens = createAccessTokens({
    store: repositories.connections,
    authorizers: providers.authorizers.oauth,
  });
  const resilientProviders = withResilience(providers, {
    metrics,
    logger,
    quotaBook: repositories.quotas,
    healthStore: repositories.providerHealth,
    limits: configuration.quotas,
    accounts: providers.sharedAccounts,
    process: 'worker',
  });
  const runs = createAuditionRuns(logger);
  const parts = { repositories, providers: resilientProviders, accessTokens, runs };
  const dependencies = auditionDependencies(configuration, parts);
  const outbox = openOutbox(configuration, repositories, metrics);
  const workers = await startWorkers({
    configuration,
    activities: {
      ...createActivities(dependencies),
      ...outbox.activities,
      ...createRepairActivities({
        auditions: repositories.auditions,
        records: repositories.auditionRecords,
        runs,
        report: createFindingReport({ metrics, logger }),
      }),
      ...createSyncActivities({
        ...parts,
        signals: createAuditionSignals(),
        publicUrl: configuration.publicUrl,
        report: createCalendarFindingReport({ metrics, logger }),
        pollMinutes: configuration.calendarPollMinutes,
        reconciliationHours: configuration.calendarReconciliationHours,
      }),
      ...createMediaActivities({
        ...parts,
        reportAttention: createRecordingAttentionReport(logger),
      }),
    },
    dataKeys: repositories.vault,
    logger,
    metrics,
  });
  // Once per start: an earlier version has stored hashes without a key, and texts in plain text or under shared keys.
  void repositories.unkeyedAddresses
    .key()
    .catch((err: unknown) => logger.error({ err }, 'hashes of addresses not keyed'));
  void repositories.parkedContents
    .separate()
    .catch((err: unknown) => logger.error({ err }, 'parked webhooks not sealed apart'));
  void repositories.holdReasons
    .sealEarlier()
    .catch((err: unknown) => logger.error({ err }, 'reasons of legal holds not sealed'));
  void repositories.unkeyedHosts
    .key()
    .catch((err: unknown) => logger.error({ err }, 'hashes of meeting hosts not keyed'));
  const relays = [
    startTokenRefresh({ connections: repositories.connections, accessTokens, logger }),
    outbox.startRelay(workers, logger),
    startInboxRelay(configuration, repositories, workers, { logger, metrics }),
    startBlockRelay(configuration, repositories, workers.client, logger),
    startReconciliationSchedule(configuration, workers.client, logger),
    ...startCalendarSyncs(configuration, repositories.syncedCalendars, workers.client, logger),
    startRecordingDeletions(configuration, parts, logger),
    startHeldCopies(configuration, repositories, workers, logger),
    startMeetingWatch(configuration, repositories, createLookAtMeeting(dependencies), workers, logger),
    ...startSilentMessages(repositories, resilientProviders, logger),
    startFailureReports(configuration, repositories, workers.client, logger),
    startConnectionMaintenance(
      configuration,
      repositories,
      { ...resilientProviders, authorizers: providers.authorizers },
      logger,
    ),
  ];
  const notReady = createReadinessCheck(workers, {
    database: checkAll(createDatabaseCheck(database.pool), createKeyDatabaseCheck(keyDatabase.pool)),
    temporal: () => workers.checkTemporal(),
  });
  createProcessMetrics(metrics.registry, { revision: configuration.revision, pool: database.pool });
  const readBacklog = createBacklogMetrics(metrics.registry, {
    backlog: repositories.backlog,
    logger,
  });
  const health = await startHealthServer(healthAddress(configuration), {
    notReady,
    metrics: async () => {
      await readBacklog();
      return `${await metrics.render()}\n${await readSdkMetrics(sdkMetricsAddress)}`;
    },
  });
  logger.info({ port: health.port }, 'health server started');

  const stop = closeWithGrace({ delay: shutdownTimeoutMs, logger }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'unexpected error; shutting down');
    else logger.info({ signal }, 'shutting down; finishing running tasks');
    try {
      // Simultaneously: a relay that hangs on a dead connection must not delay the workers.
      await Promise.all([...relays.map((relay) => relay.stop()), workers.shutdown()]);
    } finally {
      await Promise.all([
        health.close(),
        outbox.close(),
        providers.close(),
        database.close(),
        keyDatabase.close(),
      ]);
    }
    logger.info('stopped');
  });
  workers.run.catch((err: unknown) => {
    logger.fatal({ err }, 'worker failed; shutting down');
    stop.close();
  });
};

interface Parts {
  readonly repositories: Repositories;
  readonly providers: Providers;
  readonly accessTokens: AccessTokens;
  readonly runs: AuditionRuns;
}

const auditionDependencies = (
  { masterKeys, messageLimits, publicUrl, smtp }: Configuration,
  { repositories, providers, accessTokens, runs }: Parts,
): ActivityDependencies => {
  const responseLinkIds = createResponseLinkIds(masterKeys);
  const joinLinkIds = createJoinLinkIds(masterKeys);
  const replyAddresses = smtp.replies && createReplyAddresses(masterKeys, smtp.replies.address);
  return {
    repositories,
    runs,
    accessTokens,
    providers,
    publicUrl,
    messageLimits,
    tellSlotTaken: signalSlotTaken,
    responseUrl: async (request) =>
      `${publicUrl}/r/${await repositories.responseLinks.issue(request, responseLinkIds)}`,
    joinUrl: async (request) => {
      const [id] = await repositories.joinLinks.issue([request], joinLinkIds);
      return `${publicUrl}/j/${id}`;
    },
    issueJoinLinks: (requests) => repositories.joinLinks.issue(requests, joinLinkIds),
    sender: smtp.from,
    replyAddress: replyAddresses && ((invitee) => replyAddresses.of(invitee)),
  };
};

main().catch(failToStart);
