/** Runs a worker with the code and options of the real worker, and with activities that have no effect. */
import type { AuditionId } from '../../../domain/ids.ts';
import { createLogger } from '../../../foundation/observability/logger.ts';
import { loadConfiguration } from '../../../providers/configuration.ts';
import { startHealthServer } from '../../../workers/health/health-server.ts';
import { freeLoopbackAddress } from '../../../workers/health/sdk-metrics.ts';
import { createMetrics } from '../../../workers/metrics.ts';
import { installRuntime } from '../../../workers/runtime.ts';
import { startWorkers } from '../../../workers/worker.ts';
import { createFakeWorld, type FakeWorld } from '../../harness/fake-world.ts';
import { unexpectedActivities } from '../../harness/unexpected-activities.ts';
import { activitiesIn } from '../../harness/world-activities.ts';

/** More than the auditions that are scheduled at one time. The others wait for days, and need no world meanwhile. */
const mostWorlds = 200;

const worlds = new Map<AuditionId, FakeWorld>();
const worldOf = (id: AuditionId): FakeWorld => {
  const world = worlds.get(id) ?? createFakeWorld();
  worlds.delete(id);
  worlds.set(id, world);
  const [oldest] = worlds.keys();
  if (oldest !== undefined && worlds.size > mostWorlds) worlds.delete(oldest);
  return world;
};

const configuration = loadConfiguration();
const logger = createLogger({ level: configuration.logLevel, process: 'worker' });
installRuntime(logger, await freeLoopbackAddress());
const metrics = createMetrics();
const workers = await startWorkers({
  configuration,
  activities: unexpectedActivities(activitiesIn({ get: worldOf })),
  logger,
  metrics,
});
await startHealthServer(
  { host: '127.0.0.1', port: configuration.workerMetricsPort },
  { notReady: async () => workers.notPolling(), metrics: () => metrics.render() },
);
