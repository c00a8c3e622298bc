/** The API process. Migrates the database, serves requests, and shuts down gracefully on a signal. */
import { setTimeout as pause } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { migrateAtStart } from '../db/migrate.ts';
import { isDeployed } from '../foundation/configuration/defaults.ts';
import { failToStart } from '../foundation/configuration/start-failure.ts';
import { createLogger } from '../foundation/observability/logger.ts';
import { loadConfiguration } from '../providers/configuration.ts';
import { startApi } from './server.ts';
import { drainMs, shutdownTimeoutMs } from './shutdown.ts';

const main = async (): Promise<void> => {
  const configuration = loadConfiguration();
  const logger = createLogger({ level: configuration.logLevel, process: 'api' });
  const deployed = isDeployed(configuration.environment);
  const separation = await migrateAtStart(configuration.databaseUrl, {
    keyDatabaseUrl: configuration.keyDatabaseUrl,
    onRetry: (err) => logger.warn({ err }, 'database not ready; retrying'),
  });
  if (separation === 'owner' && deployed)
    logger.warn('database role owns the audit trail; see docs/runbooks/database.md, Roles');
  const api = await startApi({ configuration, logger, host: deployed ? '0.0.0.0' : '127.0.0.1' });
  logger.info({ url: api.url, monitoringUrl: api.monitoringUrl }, 'listening');
  closeWithGrace({ delay: shutdownTimeoutMs, logger }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'unexpected error; shutting down');
    else logger.info({ signal }, 'shutting down; finishing open requests');
    api.drain();
    // A developer's machine has no load balancer to wait for.
    if (deployed && !err) await pause(drainMs);
    await api.close();
    logger.info('stopped');
  });
};

main().catch(failToStart);
