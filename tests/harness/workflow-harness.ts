/**
 * Runs workflow tests: one server, task queues and workers per test file, and a fake world per audition. Each history
 * is replayed immediately, so that the test that causes non-determinism fails. (Workers without a cache would detect it
 * too, but those of SDK 1.24 hang on the time-skipping server.)
 */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { Client, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { inject } from 'vitest';
import { taskQueues } from '../../activities/contract.ts';
import type { AttentionAction, AttentionStep } from '../../domain/audition/attention.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { reportLines } from '../../infra/cli/replay/report.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { type RecordedHistory, saveHistory } from '../../workers/replay/history-file.ts';
import { createReplayer, type Replayer } from '../../workers/replay/replayer.ts';
import * as messages from '../../workflows/audition/messages.ts';
import type { audition } from '../../workflows/audition/workflow.ts';
import { auditionPlan } from './audition-plan.ts';
import { recordOrRequireHistory } from './corpus-recording.ts';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';
import { createAdvance, isIdle } from './pending-work.ts';
import { dataConverter, installQuietRuntime, startTimeSkippingServer } from './time-skipping-server.ts';
import { activitiesIn } from './world-activities.ts';

export interface WorkflowHarness {
  readonly environment: TestWorkflowEnvironment;
  /**
   * A client that never skips time. The environment's own client skips while it waits for a result: when the workflow
   * ends first, the time-skipping server continues to the run timeout, in ten years.
   */
  readonly client: Client;
  /** Starts an audition in a new world, runs `play` against it, replays its history, and terminates it. */
  runAudition(scene: Scenario, play: (played: RunningAudition) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Only a real server can be without its worker: the time-skipping server gives a task to a poll that has ended. */
export interface RealTimeHarness extends WorkflowHarness {
  /** Runs `work` while no worker executes workflows, so that one workflow task receives everything that arrives. */
  whileWorkflowWorkerIsStopped(work: () => Promise<void>): Promise<void>;
}

interface Scenario {
  /** The name under which the history is stored in the replay corpus. */
  readonly recordAs?: string;
  readonly plan?: Partial<AuditionPlan>;
  readonly prepare?: (world: FakeWorld) => void;
}

export interface RunningAudition {
  readonly world: FakeWorld;
  readonly plan: AuditionPlan;
  readonly handle: WorkflowHandleWithFirstExecutionRunId<typeof audition>;
  /** Creates the world of another audition, before that audition starts. */
  readonly createWorld: (id: AuditionId) => FakeWorld;
  readonly view: () => Promise<AuditionView>;
  /** Skips time until the audition satisfies `wanted`; fails after 40 real seconds. */
  readonly until: (wanted: (view: AuditionView) => boolean) => Promise<AuditionView>;
  /** Skips time to this instant. */
  readonly advanceTo: (at: Instant) => Promise<void>;
  /** Sends an update and returns the view after it. */
  readonly send: <Command>(
    update: UpdateDefinition<messages.UpdateAnswer, [Command]>,
    command: Command,
  ) => Promise<AuditionView>;
  /** Resolves the open attention item of this step, as the operator. */
  readonly resolve: (step: AttentionStep, action: AttentionAction, joinUrl?: string) => Promise<AuditionView>;
  /** Skips time until the workflow ends, and returns its result. */
  readonly result: () => Promise<AuditionView>;
}

export const apiCommand = { origin: 'api', correlationId: 'test' } as const;
export const operatorCommand = { origin: 'operator', correlationId: 'test', by: 'operator-1' } as const;

/** Starts a harness that skips time whenever no work is pending, for lifecycles of weeks. */
export const startTimeSkippingHarness = async (): Promise<WorkflowHarness> => {
  const environment = await startTimeSkippingServer();
  return createHarness(environment, createAdvance(environment), settle);
};

/** Starts a harness on a real development server, in real time. Default: the server of the end-to-end tests. */
export const startRealTimeHarness = async (address = inject('temporalAddress')): Promise<RealTimeHarness> => {
  installQuietRuntime();
  const namespace = inject('temporalNamespace');
  const environment = await TestWorkflowEnvironment.createFromExistingServer({
    address,
    namespace,
    client: { dataConverter },
  });
  return createHarness(
    environment,
    () => pause(50),
    async () => {},
  );
};

/**
 * Replays a history, and fails when it diverges.
 * @throws Error with the path of the stored history, which can then be replayed under a debugger
 */
export const expectReplayMatches = async (replayer: Replayer, played: RecordedHistory): Promise<void> => {
  const replayed = await replayer.replay(played);
  if (replayed.verdict.kind === 'same') return;
  const path = join(tmpdir(), `${played.workflowId.replace('/', '-')}.json`);
  await saveHistory(path, played);
  throw new Error(
    [...reportLines(replayed), `the history was stored in ${path}; replay it under a debugger`].join('\n'),
  );
};

/** Advances the audition by one step: waits for pending work, or skips some time, at most the given milliseconds. */
type Advance = (handle: RunningAudition['handle'], atMostMs?: number) => Promise<void>;

/** Waits for what the audition does when it has reached a state, such as the activity that records the facts of the state. */
type Settle = (handle: RunningAudition['handle']) => Promise<void>;

/** A test can hold an activity back, so the wait is short. */
const settle: Settle = async (handle) => {
  for (const end = Date.now() + settlesWithinMs; Date.now() < end; await pause(5)) {
    if (await isIdle(handle)) return;
  }
};
const settlesWithinMs = 500;

const createHarness = async (
  environment: TestWorkflowEnvironment,
  advance: Advance,
  settle: Settle,
): Promise<RealTimeHarness> => {
  const worlds = new Map<AuditionId, FakeWorld>();
  const suffix = `-${crypto.randomUUID()}`;
  const workers = await Promise.all(
    taskQueues.map((queue) =>
      openWorker(environment, `${queue}${suffix}`, { activities: activitiesIn(worlds) }),
    ),
  );
  const running = workers.map((worker) => worker.run());
  const { encrypted, readable } = inject('workflowCode');
  const openWorkflows = async () => {
    const worker = await openWorker(environment, `castmatch${suffix}`, { workflowBundle: encrypted });
    const run = worker.run();
    return async () => {
      worker.shutdown();
      await run;
    };
  };
  let closeWorkflows = await openWorkflows();
  const replayer = createReplayer({ masterKeys: corpusKeys, workflowCode: readable });
  const createWorld = (id: AuditionId): FakeWorld => {
    const world = createFakeWorld();
    worlds.set(id, world);
    return world;
  };
  const { connection, namespace } = environment;
  const client = new Client({ connection, dataConverter, ...(namespace && { namespace }) });
  return {
    environment,
    client,
    async runAudition(scene, play) {
      const plan = auditionPlan(await environment.currentTimeMs(), scene.plan);
      const world = createWorld(plan.id);
      scene.prepare?.(world);
      const handle = await client.workflow.start<typeof audition>(messages.auditionWorkflowType, {
        taskQueue: `castmatch${suffix}`,
        workflowId: auditionWorkflowId(plan.id),
        args: [{ plan }],
      });
      try {
        await play(runningAuditionOf({ advance, settle, handle, world, createWorld, plan, environment }));
        const played = { workflowId: handle.workflowId, history: await handle.fetchHistory() };
        await expectReplayMatches(replayer, played);
        if (scene.recordAs !== undefined) await recordOrRequireHistory(scene.recordAs, played);
      } finally {
        await terminateWhenIdle(handle);
      }
    },
    async whileWorkflowWorkerIsStopped(work) {
      await closeWorkflows();
      await work();
      closeWorkflows = await openWorkflows();
    },
    async close() {
      for (const worker of workers) worker.shutdown();
      await closeWorkflows();
      await Promise.all(running);
      await replayer.close();
      await environment.teardown();
    },
  };
};

/** Real milliseconds, not those of the skipped time. */
const timeoutMs = 40_000;

/**
 * Terminates an audition while none of its activities is running. The time-skipping server never releases the lock of
 * an activity that is running when its workflow ends; time would then not be skipped in any later test.
 * Source: https://github.com/temporalio/sdk-java/issues/1138
 */
export const terminateWhenIdle = async (handle: WorkflowHandle): Promise<void> => {
  try {
    for (const end = Date.now() + timeoutMs; Date.now() < end; await pause(5)) {
      if (await isIdle(handle)) break;
    }
    await handle.terminate();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'WorkflowNotFoundError') throw error;
  }
};

const openWorker = (
  environment: TestWorkflowEnvironment,
  taskQueue: string,
  what: Pick<WorkerOptions, 'activities' | 'workflowBundle'>,
): Promise<Worker> =>
  Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    dataConverter,
    ...what,
    maxCachedWorkflows: 100,
    shutdownGraceTime: 0,
  });

const runningAuditionOf = ({
  advance,
  settle,
  handle,
  world,
  createWorld,
  plan,
  environment,
}: Pick<RunningAudition, 'handle' | 'world' | 'createWorld' | 'plan'> & {
  readonly advance: Advance;
  readonly settle: Settle;
  readonly environment: TestWorkflowEnvironment;
}): RunningAudition => {
  const view = () => handle.query(messages.viewQuery);
  const send: RunningAudition['send'] = async (update, command) => {
    await handle.executeUpdate(update, { args: [command] });
    return view();
  };
  const until: RunningAudition['until'] = async (wanted) => {
    let seen = '';
    for (const end = Date.now() + timeoutMs; Date.now() < end; await advance(handle)) {
      // A query replays the whole history here, so it is sent only after the history has grown.
      const { historyLength } = await handle.describe();
      if (seen === String(historyLength)) continue;
      seen = String(historyLength);
      const now = await view();
      if (!wanted(now)) continue;
      await settle(handle);
      return now;
    }
    throw new Error(
      `the audition did not reach the expected state within ${timeoutMs} ms; its last view: ${JSON.stringify(await view(), null, 2)}`,
    );
  };
  return {
    world,
    createWorld,
    plan,
    handle,
    view,
    until,
    async advanceTo(at) {
      for (;;) {
        const left = Date.parse(at) - (await environment.currentTimeMs());
        if (left <= 0) return;
        await advance(handle, left);
      }
    },
    send,
    async resolve(step, action, joinUrl) {
      const item = (await view()).attention.find((open) => open.step === step);
      if (!item) throw new Error(`there is no open attention item of step '${step}'`);
      return send(messages.resolveAttentionUpdate, { ...operatorCommand, id: item.id, action, joinUrl });
    },
    async result() {
      for (const end = Date.now() + timeoutMs; Date.now() < end; await advance(handle)) {
        if ((await handle.describe()).status.name !== 'RUNNING') return handle.result();
      }
      throw new Error(
        `the audition did not end within ${timeoutMs} ms; its last view: ${JSON.stringify(await view(), null, 2)}`,
      );
    },
  };
};

/** Returns the error of a rejected update; throws when the update is accepted. */
export const updateFailureOf = async (
  update: Promise<unknown>,
): Promise<{
  readonly code: string | null | undefined;
  readonly message: string;
  readonly whatToDo: unknown;
}> => {
  const error: unknown = await update.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure))
    throw new Error('expected the update to be rejected');
  const { type, message, details } = error.cause;
  return { code: type, message, whatToDo: details?.[0] };
};
