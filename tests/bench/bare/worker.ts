/** Runs a worker for the bare workflow, with the code and options of the real worker and no-op activities. */
import { fileURLToPath } from 'node:url';
import { createLogger } from '../../../foundation/observability/logger.ts';
import { loadConfiguration } from '../../../providers/configuration.ts';
import { startHealthServer } from '../../../workers/health/health-server.ts';
import { freeLoopbackAddress } from '../../../workers/health/sdk-metrics.ts';
import { createMetrics } from '../../../workers/metrics.ts';
import { installRuntime } from '../../../workers/runtime.ts';
import { startWorkers } from '../../../workers/worker.ts';
import { bundleWorkflows } from '../../../workers/workflow-code.ts';
import { unexpectedActivities } from '../../harness/unexpected-activities.ts';

/** The activities that the bare workflow calls. They are not those of the contract, even where the names are equal. */
const noOps: Readonly<Record<string, () => Promise<unknown>>> = {
  findBusy: async () => [],
  holdSlot: async () => ({ kind: 'held', reminders: [] }),
  recordEvents: async () => {},
  createMeeting: async () => ({ provider: 'zoom', id: '', joinUrl: '' }),
  writeEvent: async () => ({ eventId: '' }),
  confirmHold: async () => ({ kind: 'confirmed' }),
  sendNotice: async () => ({ deliveryId: '' }),
};

const configuration = loadConfiguration();
const logger = createLogger({ level: configuration.logLevel, process: 'worker' });
installRuntime(logger, await freeLoopbackAddress());
const metrics = createMetrics();
const workers = await startWorkers({
  configuration,
  activities: { ...unexpectedActivities({}), ...noOps },
  logger,
  metrics,
  workflowCode: await bundleWorkflows(logger, {
    workflowsPath: fileURLToPath(new URL('workflow.ts', import.meta.url)),
  }),
});
await startHealthServer(
  { host: '127.0.0.1', port: configuration.workerMetricsPort },
  { notReady: async () => workers.notPolling(), metrics: () => metrics.render() },
);
