/**
 * Runs the workflows that deliver events to the platform on the time-skipping server. A test sets the activities of
 * its endpoint. Each history is replayed immediately.
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
import { createDataConverter } from '../../foundation/temporal/data-converter.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { createReplayer } from '../../workers/replay/replayer.ts';
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
  /** Sets the activities of this endpoint. An activity that is not set fails the workflow. */
  setActivities(endpoint: EndpointId, activities: Partial<PlatformActivities>): void;
  /** Skips time until the condition holds; fails after 50 real seconds. */
  until(handle: WorkflowHandle, holds: () => Promise<boolean> | boolean): Promise<void>;
  /** Skips time until the workflow ends, and returns its result. */
  result(handle: WorkflowHandle): Promise<unknown>;
  /** Reads the history, because the time-skipping server cannot describe some of these workflows. */
  hasCompleted(handle: WorkflowHandle): Promise<boolean>;
  /** Replays the history, and adds it to the corpus if `records` names it. Returns the number of its events. */
  replay(handle: WorkflowHandle, records?: string): Promise<number>;
  close(): Promise<void>;
}

const dataConverter = createDataConverter(corpusKeys);

/** Real milliseconds. */
const timeoutMs = 50_000;
/** Shorter than every timeout that must not expire while time is skipped. */
const stepMs = 8 * 60_000;
/** What a busy machine may need between the reading of the time and the skip. The next attempt must begin after the skip. */
const marginMs = 250;

/** Returns the failure of a delivery activity; `delayMs` sets the delay before its next attempt. */
export const deliveryFailure = (message: string, answer = '503', delayMs?: number): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'endpoint_failed',
    message: `the receiver did not accept ${message}: ${answer}`,
    details: [{ message, answer }],
    ...(delayMs === undefined ? {} : { nextRetryDelay: delayMs }),
  });

/**
 * Returns the milliseconds until the next attempt of an activity whose failure set the delay, else undefined. The
 * time-skipping server reports such an activity as started while it waits. Time must not be skipped beyond the next
 * attempt: an attempt that the server starts during a skip is lost, and the server never releases its lock.
 */
const msUntilNextAttempt = async (handle: WorkflowHandle, now: number): Promise<number | undefined> => {
  const [activity] = (await handle.describe()).raw.pendingActivities ?? [];
  const { lastStartedTime, lastAttemptCompleteTime, lastFailure } = activity ?? {};
  const delay = lastFailure?.applicationFailureInfo?.nextRetryDelay;
  if (!lastStartedTime || !lastAttemptCompleteTime || !delay) return undefined;
  const ended = tsToMs(lastAttemptCompleteTime);
  return ended < tsToMs(lastStartedTime) ? undefined : Math.max(ended + tsToMs(delay) - now, 1);
};

/** Starts the server and the workers. Call `close` after the tests. */
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
  const fakeActivity =
    (name: keyof PlatformActivities) =>
    async (input: EndpointTarget): Promise<unknown> => {
      const activity = activitiesByEndpoint.get(input.endpoint)?.[name];
      if (!activity)
        throw ApplicationFailure.nonRetryable(`the test set no activity ${name} for ${input.endpoint}`);
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
      workflowBundle: inject('workflowCode').encrypted,
    }),
    Worker.create({
      ...common,
      taskQueue: queue('platform'),
      activities: {
        deliverEvents: fakeActivity('deliverEvents'),
        replayEvents: fakeActivity('replayEvents'),
        tellEndpoint: fakeActivity('tellEndpoint'),
        disableEndpoint: fakeActivity('disableEndpoint'),
      },
    }),
  ]);
  const running = workers.map((worker) => worker.run());
  const replayer = createReplayer({
    masterKeys: corpusKeys,
    workflowCode: inject('workflowCode').readable,
  });

  const advance = async (handle: WorkflowHandle): Promise<void> => {
    const delay = await msUntilNextAttempt(handle, await environment.currentTimeMs());
    if (delay !== undefined) return delay > marginMs ? environment.sleep(delay - marginMs) : pause(5);
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
    for (const end = Date.now() + timeoutMs; Date.now() < end; await advance(handle)) {
      if (await holds()) return;
    }
    throw new Error(`the condition did not hold within ${timeoutMs} ms: ${handle.workflowId}`);
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
