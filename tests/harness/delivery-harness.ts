/**
 * Runs the workflows that deliver events to the platform on the time-skipping server. A test sets the activities of
 * its endpoint. Each history is replayed immediately.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import type { EndpointTarget, PlatformActivities, TaskQueue } from '../../activities/contract.ts';
import type { EndpointId } from '../../domain/ids.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { createReplayer } from '../../workers/replay/replayer.ts';
import { recordOrRequireHistory } from './corpus-recording.ts';
import { createAdvance } from './pending-work.ts';
import { dataConverter, startTimeSkippingServer } from './time-skipping-server.ts';
import { expectReplayMatches } from './workflow-harness.ts';

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

/** Real milliseconds. */
const timeoutMs = 50_000;

/** Returns the failure of a delivery activity; `delayMs` sets the delay before its next attempt. */
export const deliveryFailure = (message: string, answer = '503', delayMs?: number): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'endpoint_failed',
    message: `the receiver did not accept ${message}: ${answer}`,
    details: [{ message, answer }],
    ...(delayMs === undefined ? {} : { nextRetryDelay: delayMs }),
  });

/** Starts the server and the workers. Call `close` after the tests. */
export const startDeliveryHarness = async (): Promise<DeliveryHarness> => {
  const environment = await startTimeSkippingServer();
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

  const advance = createAdvance(environment);
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
