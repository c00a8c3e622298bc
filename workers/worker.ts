/** Starts the Temporal workers of one process: one per task queue, all on one connection. */
import { Client } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions, type WorkflowBundleOption } from '@temporalio/worker';
import { type ServiceActivities, taskQueues, workflowTaskQueue } from '../activities/contract.ts';
import type { Logger } from '../foundation/observability/logger.ts';
import { createDataConverter } from '../foundation/temporal/data-converter.ts';
import type { Configuration } from '../providers/configuration.ts';
import type { ServiceMetrics } from './metrics.ts';
import { observeActivities } from './observation/activities.ts';
import { observeEndpoints } from './observation/business-events.ts';
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
  /** Replaces the workflows of this service in tests. */
  readonly workflowCode?: WorkflowBundleOption | undefined;
  /** 0 makes every workflow task replay its history from the start, for tests. */
  readonly maxCachedWorkflows?: number | undefined;
}

export interface RunningWorkers {
  /** Uses the workers' connection and must not be used after their shutdown. */
  readonly client: Client;
  /** Resolves after a shutdown. Rejects when a worker fails permanently, after the other workers were shut down. */
  readonly run: Promise<void>;
  /** Returns the queues that are not polled, each with the state of its worker. Empty when all queues are polled. */
  notPolling(): readonly string[];
  /** @throws when Temporal does not answer within two seconds. */
  checkTemporal(): Promise<void>;
  /**
   * Stops polling, waits for running tasks until the grace time ends, cancels the remaining ones, and resolves when all
   * workers have stopped. Can be called repeatedly.
   */
  shutdown(): Promise<void>;
}

/** Longer than the longest provider call (55 s to a mail server), so that no call is aborted. */
const shutdownGraceTime = '60s';
/** An activity that ignores its cancellation is abandoned: its lease expires and another worker retries it. */
const shutdownForceTime = '70s';

/** A cached workflow takes about 1 MB, measured with scheduled auditions, so the cache takes about 500 MB. */
const defaultMaxCachedWorkflows = 500;

/**
 * Connects, loads the workflow code and starts polling every task queue.
 * @throws {TransportError} when Temporal cannot be reached. No worker is left running then.
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
    // Every worker registers all activities: the task queue of an activity is chosen by the workflow that schedules it.
    activities: observeEndpoints(activities, { metrics, logger }),
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

/** Shuts down all workers when one fails, since a process that serves only some queues would still look healthy. */
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
        const isPolling = runState === 'RUNNING' && pollers.every((state) => state === 'POLLING');
        return isPolling ? [] : [`${worker.options.taskQueue}: ${runState}, pollers ${pollers.join(', ')}`];
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
