/**
 * Where the workflows that tell the platform are played: time is skipped, and what their activities do is for each
 * endpoint what its test says. Every history is replayed at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import type { EndpointTarget, PlatformActivities, TaskQueue } from '../../activities/contract.ts';
import type { EndpointId } from '../../domain/ids.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { createDataConverter } from '../../foundation/temporal/data-converter.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { createReplayer } from '../../workers/replay/replayer.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import { recordOrRequireHistory } from './corpus-recording.ts';
import {
  errorLogsOnly,
  expectReplayMatches,
  isIdle,
  pendingWorkOf,
  registerSearchAttributes,
} from './workflow-harness.ts';

export interface DeliveryHarness {
  readonly client: Client;
  readonly taskQueue: string;
  now(): Promise<number>;
  /** What this endpoint's activities do. Those that are left out refuse. */
  setActivities(endpoint: EndpointId, activities: Partial<PlatformActivities>): void;
  /** Lets time pass in the life of a workflow until the fact holds. */
  until(handle: WorkflowHandle, holds: () => Promise<boolean> | boolean): Promise<void>;
  /** Lets time pass to the end. */
  result(handle: WorkflowHandle): Promise<unknown>;
  /** By its history: to be asked where the server would choke on a description. */
  hasCompleted(handle: WorkflowHandle): Promise<boolean>;
  /** Replays it, and with a name keeps it in the corpus. Answers with how many events it took. */
  replay(handle: WorkflowHandle, records?: string): Promise<number>;
  close(): Promise<void>;
}

const dataConverter = createDataConverter(corpusKeys);
const logger = createLogger({ level: 'error', process: 'test' });

/** Real milliseconds. */
const timeoutMs = 50_000;
/** Shorter than anything that must not run out meanwhile. */
const stepMs = 8 * 60_000;

export const deliveryFailure = (message: string, answer = '503', delayMs?: number): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'endpoint_failed',
    message: `the receiver did not take ${message}: ${answer}`,
    details: [{ message, answer }],
    ...(delayMs === undefined ? {} : { nextRetryDelay: delayMs }),
  });

/**
 * Milliseconds until the next attempt; undefined while one is under way. (The time-skipping server calls an activity
 * started that waits for its next attempt, where that was named by the failure.) Time is skipped not a moment longer:
 * an attempt that is handed out meanwhile is lost, and its lock is kept for ever.
 */
const msUntilNextAttempt = async (handle: WorkflowHandle, now: number): Promise<number | undefined> => {
  const [activity] = (await handle.describe()).raw.pendingActivities ?? [];
  const { lastStartedTime, lastAttemptCompleteTime, lastFailure } = activity ?? {};
  const delay = lastFailure?.applicationFailureInfo?.nextRetryDelay;
  if (!lastStartedTime || !lastAttemptCompleteTime || !delay) return undefined;
  const ended = tsToMs(lastAttemptCompleteTime);
  return ended < tsToMs(lastStartedTime) ? undefined : Math.max(ended + tsToMs(delay) - now, 1);
};

export const startDeliveryHarness = async (): Promise<DeliveryHarness> => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: errorLogsOnly });
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: inject('timeSkippingServer') } },
    client: { dataConverter },
  });
  await registerSearchAttributes(environment);
  const suffix = `-${crypto.randomUUID()}`;
  const queue = (name: TaskQueue) => `${name}${suffix}`;
  const activitiesByEndpoint = new Map<EndpointId, Partial<PlatformActivities>>();
  const play =
    (name: keyof PlatformActivities) =>
    async (input: EndpointTarget): Promise<unknown> => {
      const activity = activitiesByEndpoint.get(input.endpoint)?.[name];
      if (!activity) throw ApplicationFailure.nonRetryable(`nobody plays ${name} of ${input.endpoint}`);
      return Reflect.apply(activity, undefined, [input]);
    };
  const common = {
    connection: environment.nativeConnection,
    dataConverter,
    maxCachedWorkflows: 100,
    shutdownGraceTime: 0,
  };
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: queue('castmatch'),
      workflowBundle: await bundleWorkflows(logger),
    }),
    Worker.create({
      ...common,
      taskQueue: queue('platform'),
      activities: {
        deliverEvents: play('deliverEvents'),
        replayEvents: play('replayEvents'),
        tellEndpoint: play('tellEndpoint'),
        disableEndpoint: play('disableEndpoint'),
      },
    }),
  ]);
  const running = workers.map((worker) => worker.run());
  const replayer = createReplayer({
    masterKeys: corpusKeys,
    workflowCode: await bundleWorkflows(logger, { readableErrors: true }),
  });

  const pass = async (handle: WorkflowHandle): Promise<void> => {
    const delay = await msUntilNextAttempt(handle, await environment.currentTimeMs());
    if (delay !== undefined) return environment.sleep(delay);
    switch (await pendingWorkOf(handle)) {
      case 'work':
        return pause(5);
      case 'backoff':
        return environment.sleep(1_000);
      case 'nothing':
        return (await isIdle(handle)) ? environment.sleep(stepMs) : pause(5);
    }
  };
  const until: DeliveryHarness['until'] = async (handle, holds) => {
    for (const end = Date.now() + timeoutMs; Date.now() < end; await pass(handle)) {
      if (await holds()) return;
    }
    throw new Error(`it never came to that: ${handle.workflowId}`);
  };

  return {
    client: environment.client,
    taskQueue: queue('castmatch'),
    now: () => environment.currentTimeMs(),
    setActivities: (endpoint, activities) => {
      activitiesByEndpoint.set(endpoint, activities);
    },
    until,
    async result(handle) {
      await until(handle, async () => (await handle.describe()).status.name !== 'RUNNING');
      return handle.result();
    },
    async hasCompleted(handle) {
      const { events } = await handle.fetchHistory();
      return events?.at(-1)?.workflowExecutionCompletedEventAttributes != null;
    },
    async replay(handle, records) {
      const played = { workflowId: handle.workflowId, history: await handle.fetchHistory() };
      await expectReplayMatches(replayer, played);
      if (records !== undefined) await recordOrRequireHistory(records, played);
      return played.history.events?.length ?? 0;
    },
    async close() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      await replayer.close();
      await environment.teardown();
    },
  };
};
