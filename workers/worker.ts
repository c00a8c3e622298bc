/** The workers of one process: one per task queue on one connection. */
import { Client } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import { type ServiceActivities, taskQueues, workflowTaskQueue } from '../activities/contract.ts';
import type { Logger } from '../foundation/observability/logger.ts';
import { createDataConverter } from '../foundation/temporal/data-converter.ts';
import type { Configuration } from '../providers/configuration.ts';
import type { ServiceMetrics } from './metrics.ts';
import { observeActivities } from './observation/activities.ts';
import { observeAttention, observeEndpoints } from './observation/business-events.ts';
import { tuningOf } from './queue-tuning.ts';
import { loadWorkflowCode } from './workflow-code.ts';

export interface WorkerDependencies {
  readonly configuration: Pick<
    Configuration,
    'temporal' | 'masterKeys' | 'taskQueueSuffix' | 'workflowBundle'
  >;
  readonly activities: ServiceActivities;
  readonly logger: Logger;
  readonly metrics: ServiceMetrics;
  /** Stands in for the workflows of this service, in tests. */
  readonly workflowCode?: WorkflowBundleOption | undefined;
  /** 0 has every workflow task replay its history from the start, as tests want it. */
  readonly maxCachedWorkflows?: number | undefined;
}

export interface RunningWorkers {
  /** Over the workers' own connection: to be used no more once they are shut down. */
  readonly client: Client;
  /** Resolves after a shutdown. Rejects when a worker fails for good; the others have then been shut down. */
  readonly run: Promise<void>;
  /** The queues that are not being polled, with the state of their worker. Empty when all is well. */
  notPolling(): readonly string[];
  /** Throws when Temporal does not answer within two seconds. */
  checkTemporal(): Promise<void>;
  /**
   * Takes no new work, finishes what is held within the grace time, cancels what is left, and resolves when all
   * workers have stopped. May be called twice.
   */
  shutdown(): Promise<void>;
}

/** Longer than the longest provider call (55 s to a mail server), so that none is cut off in its middle. */
const shutdownGraceTime = '60s';
/** What ignores its cancellation is left behind: its lease runs out and another worker tries again. */
const shutdownForceTime = '70s';

/** About 1 MB each, measured with scheduled auditions: half a gigabyte for the cache. */
const defaultMaxCachedWorkflows = 500;

/**
 * Connects, loads the workflow code and starts polling every task queue.
 * @throws {TransportError} when Temporal cannot be reached; nothing is left running.
 */
export const startWorkers = async (dependencies: WorkerDependencies): Promise<RunningWorkers> => {
  const { configuration, logger } = dependencies;
  const { address, apiKey, tls } = configuration.temporal;
  const workflowBundle =
    dependencies.workflowCode ?? (await loadWorkflowCode(logger, configuration.workflowBundle));
  const connection = await NativeConnection.connect({ address, apiKey, tls: tls ?? null });
  try {
    const common = commonOptions(dependencies, connection);
    const workers = await Promise.all(
      taskQueues.map((queue) =>
        Worker.create({
          ...common,
          ...tuningOf(queue),
          taskQueue: `${queue}${configuration.taskQueueSuffix}`,
          ...(queue === workflowTaskQueue && workflowOptions(dependencies, workflowBundle)),
        }),
      ),
    );
    logger.info({ taskQueues: workers.map(({ options }) => options.taskQueue) }, 'workers started');
    return supervise(workers, connection, configuration);
  } catch (error) {
    await connection.close();
    throw error;
  }
};

const commonOptions = (
  { configuration, activities, metrics, logger }: WorkerDependencies,
  connection: NativeConnection,
) =>
  ({
    connection,
    namespace: configuration.temporal.namespace,
    // On every queue: which activity runs where is decided by who schedules it.
    activities: observeEndpoints(observeAttention(activities, { metrics, logger }), { metrics, logger }),
    dataConverter: createDataConverter(configuration.masterKeys),
    interceptors: { activity: [observeActivities(metrics)] },
    shutdownGraceTime,
    shutdownForceTime,
  }) satisfies Omit<WorkerOptions, 'taskQueue'>;

const workflowOptions = (
  { maxCachedWorkflows = defaultMaxCachedWorkflows }: WorkerDependencies,
  workflowBundle: WorkflowBundleOption,
) =>
  ({
    workflowBundle,
    maxCachedWorkflows,
    workflowTaskPollerBehavior: { type: 'autoscaling', minimum: 2, initial: 5, maximum: 20 },
  }) satisfies Partial<WorkerOptions>;

const temporalCheckTimeoutMs = 2_000;

/** One that fails takes the others with it: half a service looks well and is not. */
const supervise = (
  workers: readonly Worker[],
  connection: NativeConnection,
  { temporal: { namespace }, masterKeys }: WorkerDependencies['configuration'],
): RunningWorkers => {
  const shutdownAll = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runAll = async () => {
    const runs = workers.map(async (worker) => {
      try {
        await worker.run();
      } finally {
        shutdownAll();
      }
    });
    const ends = await Promise.allSettled(runs);
    await connection.close();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  };
  const run = runAll();
  return {
    client: new Client({ connection, namespace, dataConverter: createDataConverter(masterKeys) }),
    run,
    notPolling: () =>
      workers.flatMap((worker) => {
        const { runState, activityPollerState, workflowPollerState } = worker.getStatus();
        const pollers = [
          activityPollerState,
          ...(worker.options.workflowBundle === undefined ? [] : [workflowPollerState]),
        ];
        const polling = runState === 'RUNNING' && pollers.every((state) => state === 'POLLING');
        return polling ? [] : [`${worker.options.taskQueue}: ${runState}, pollers ${pollers.join(', ')}`];
      }),
    checkTemporal: async () => {
      await connection.withDeadline(Date.now() + temporalCheckTimeoutMs, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
    },
    shutdown: async () => {
      shutdownAll();
      await run;
    },
  };
};
