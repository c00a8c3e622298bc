/** Starts the Temporal workers of one process: one per task queue, all on one connection. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import {
  type ServiceActivities,
  type TaskQueue,
  taskQueues,
  workflowTaskQueue,
} from '../activities/contract.ts';
import type { Logger } from '../foundation/observability/logger.ts';
import { createDataConverter } from '../foundation/temporal/data-converter.ts';
import type { PayloadKeys } from '../foundation/temporal/encryption-codec.ts';
import type { Configuration } from '../providers/configuration.ts';
import { maxCachedWorkflows as cacheSize } from './cache-size.ts';
import type { ServiceMetrics } from './metrics.ts';
import { observeActivities } from './observation/activities.ts';
import { observeEndpoints } from './observation/business-events.ts';
import { tuningOf } from './queue-tuning.ts';
import { createPolling, type Polling } from './shutdown/polling.ts';
import { createStickyQueue, rememberWorkflows, type StickyQueue } from './shutdown/sticky-queue.ts';
import { pollingTimeoutMs, shutdownForceMs, shutdownGraceMs } from './shutdown/timeouts.ts';
import { loadWorkflowCode } from './workflow-code.ts';
import { interruptThread } from './workflow-thread/interrupt.ts';
import { withOwnThreads } from './workflow-thread/threads.ts';
import { startWatchdog, type Watchdog } from './workflow-thread/watchdog.ts';

export interface WorkerDependencies {
  readonly configuration: Pick<
    Configuration,
    'temporal' | 'masterKeys' | 'taskQueueSuffix' | 'workflowBundle'
  > &
    Partial<Pick<Configuration, 'workflowCallStacks'>>;
  readonly activities: ServiceActivities;
  /** The keys of the payloads. Absent: all payloads are encrypted under the newest master key, for tests. */
  readonly dataKeys?: PayloadKeys | undefined;
  readonly logger: Logger;
  readonly metrics: ServiceMetrics;
  /** Replaces the workflows of this service in tests. */
  readonly workflowCode?: WorkflowBundleOption | undefined;
  /** 0 makes every workflow task replay its history from the start, for tests. */
  readonly maxCachedWorkflows?: number | undefined;
}

export interface RunningWorkers {
  /** Uses the workers' connection and must not be used after their shutdown. */
  readonly client: Client;
  /**
   * Resolves after a shutdown. Rejects when a worker fails permanently, after the other workers were shut down, and
   * immediately when workflow code cannot be interrupted.
   */
  readonly run: Promise<void>;
  /** Returns the queues that are not polled, each with the state of its worker. Empty when all queues are polled. */
  notPolling(): readonly string[];
  /** @throws when Temporal does not answer within two seconds. */
  checkTemporal(): Promise<void>;
  /**
   * Starts no more polls and waits until the open ones have ended. Then waits for running tasks until the grace time
   * ends, cancels the remaining ones, and resolves when all workers have stopped. Can be called repeatedly.
   */
  shutdown(): Promise<void>;
}

/** The SDK divides the pollers by `nonStickyToStickyPollRatio`. Their number is fixed: see `shutdown/slots.ts`. */
const workflowConcurrency = { workflowTasks: 40, workflowPollers: { normal: 4, sticky: 12 } };

/**
 * Connects, loads the workflow code and starts polling every task queue.
 * @throws {TransportError} when Temporal cannot be reached. No worker is left running then.
 */
export const startWorkers = async (dependencies: WorkerDependencies): Promise<RunningWorkers> => {
  const { configuration, logger } = dependencies;
  const { address, apiKey, tls } = configuration.temporal;
  const workflowBundle = dependencies.workflowCode ?? (await loadWorkflowCode(configuration.workflowBundle));
  const connection = await NativeConnection.connect({ address, apiKey, tls: tls ?? null });
  const watchdog = startWatchdog({ interrupt: interruptThread, logger });
  try {
    const common = commonOptions(dependencies, connection);
    const { namespace, identity } = common;
    const stickyQueue = createStickyQueue({
      workflowService: connection.workflowService,
      namespace,
      identity,
    });
    const create = async (queue: TaskQueue): Promise<PollingWorker> => {
      const { concurrentActivities: activities, ...tuning } = tuningOf(queue);
      const polling = createPolling({ ...workflowConcurrency, activities });
      const worker = await Worker.create({
        ...common,
        ...tuning,
        tuner: polling.tuner,
        taskQueue: `${queue}${configuration.taskQueueSuffix}`,
        ...(queue === workflowTaskQueue && workflowOptions(dependencies, { workflowBundle, stickyQueue })),
      });
      return { worker, polling, ...(queue === workflowTaskQueue && { stickyQueue }) };
    };
    const workers = await Promise.all(
      taskQueues.map((queue) =>
        queue === workflowTaskQueue && configuration.workflowCallStacks !== true
          ? withOwnThreads(watchdog, () => create(queue))
          : create(queue),
      ),
    );
    logger.info({ taskQueues: workers.map(({ worker }) => worker.options.taskQueue) }, 'workers started');
    return supervise(workers, watchdog, connection, dependencies);
  } catch (error) {
    watchdog.stop();
    await connection.close();
    throw error;
  }
};

const commonOptions = (
  { configuration, activities, metrics, logger, dataKeys }: WorkerDependencies,
  connection: NativeConnection,
) =>
  ({
    connection,
    namespace: configuration.temporal.namespace,
    // The process and host, as by default, and a random part: two containers can have the same process and host.
    identity: `${process.pid}@${hostname()}#${randomBytes(4).toString('hex')}`,
    // Every worker registers all activities: the task queue of an activity is chosen by the workflow that schedules it.
    activities: observeEndpoints(activities, { metrics, logger }),
    dataConverter: createDataConverter(configuration.masterKeys, dataKeys),
    interceptors: { activity: [observeActivities(metrics)] },
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: shutdownForceMs,
  }) satisfies Omit<WorkerOptions, 'taskQueue'>;

const workflowOptions = (
  { maxCachedWorkflows = cacheSize, metrics }: WorkerDependencies,
  { workflowBundle, stickyQueue }: { workflowBundle: WorkflowBundleOption; stickyQueue: StickyQueue },
) =>
  ({
    workflowBundle,
    maxCachedWorkflows,
    interceptors: { activity: [observeActivities(metrics), rememberWorkflows(stickyQueue)] },
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 16 },
    nonStickyToStickyPollRatio: 0.25,
  }) satisfies Partial<WorkerOptions>;

const temporalCheckTimeoutMs = 2_000;

interface PollingWorker {
  readonly worker: Worker;
  readonly polling: Polling;
  readonly stickyQueue?: StickyQueue;
}

const shutDown = (worker: Worker): void => {
  if (worker.getState() === 'RUNNING') worker.shutdown();
};

/** Shuts down all workers when one fails, since a process that serves only some queues would still look healthy. */
const supervise = (
  pollingWorkers: readonly PollingWorker[],
  watchdog: Watchdog,
  connection: NativeConnection,
  { configuration, logger, dataKeys }: WorkerDependencies,
): RunningWorkers => {
  const { namespace } = configuration.temporal;
  const workers = pollingWorkers.map(({ worker }) => worker);
  let isStopping = false;
  const runAll = async () => {
    const runs = workers.map(async (worker) => {
      try {
        await worker.run();
      } finally {
        if (!isStopping) workers.forEach(shutDown);
      }
    });
    const ends = await Promise.allSettled(runs);
    watchdog.stop();
    await connection.close();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  };
  // A thread that cannot be interrupted also blocks the shutdown of its worker, so `run` must not wait for that.
  const run = Promise.race([runAll(), watchdog.failed]);
  const checkTemporal = async () => {
    await connection.withDeadline(Date.now() + temporalCheckTimeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  };
  const endPolling = async ({ worker, polling, stickyQueue }: PollingWorker): Promise<void> => {
    const { taskQueue } = worker.options;
    try {
      const ended = await polling.end({ stickyQueue, timeout: AbortSignal.timeout(pollingTimeoutMs) });
      if (!ended) logger.warn({ taskQueue }, 'polls still open at shutdown; their tasks can be lost');
    } catch (err) {
      logger.warn({ err, taskQueue }, 'ending the polls failed; their tasks can be lost');
    }
  };
  return {
    client: new Client({
      connection,
      namespace,
      dataConverter: createDataConverter(configuration.masterKeys, dataKeys),
    }),
    run,
    notPolling: () =>
      workers.flatMap((worker) => {
        const { runState, activityPollerState, workflowPollerState } = worker.getStatus();
        const pollers = [
          activityPollerState,
          ...(worker.options.workflowBundle === undefined ? [] : [workflowPollerState]),
        ];
        const isPolling =
          !isStopping && runState === 'RUNNING' && pollers.every((state) => state === 'POLLING');
        const state = isStopping && runState === 'RUNNING' ? 'STOPPING' : runState;
        return isPolling ? [] : [`${worker.options.taskQueue}: ${state}, pollers ${pollers.join(', ')}`];
      }),
    checkTemporal,
    shutdown: async () => {
      isStopping = true;
      // A server that cannot be reached sends no task.
      const isReachable = await checkTemporal().then(
        () => true,
        () => false,
      );
      const stops = pollingWorkers.map(async (pollingWorker) => {
        if (isReachable) await endPolling(pollingWorker);
        shutDown(pollingWorker.worker);
      });
      await Promise.all(stops);
      await run;
    },
  };
};
