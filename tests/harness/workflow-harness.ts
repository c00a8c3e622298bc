/**
 * Where workflow tests play: one server, task queues and workers for a test file, and for each audition a world of its
 * own. What was played is replayed from its history at once, so that non-determinism is seen where it is made. (With
 * the workers' cache off, which would show it too, workers of SDK 1.24 get stuck on the time-skipping server.)
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { inject } from 'vitest';
import { type AuditionActivities, type Correlated, taskQueues } from '../../activities/contract.ts';
import type { AttentionAction, AttentionStep } from '../../domain/audition/attention.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { createDataConverter } from '../../foundation/temporal/data-converter.ts';
import { reportLines } from '../../infra/cli/replay/report.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { type RecordedHistory, saveHistory } from '../../workers/replay/history-file.ts';
import { createReplayer, type Replayer } from '../../workers/replay/replayer.ts';
import { bundleWorkflows } from '../../workers/workflow-code.ts';
import * as messages from '../../workflows/audition/messages.ts';
import type { audition } from '../../workflows/audition/workflow.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { auditionPlan } from './audition-plan.ts';
import { recordOrRequireHistory } from './corpus-recording.ts';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';

export interface WorkflowHarness {
  readonly environment: TestWorkflowEnvironment;
  /** Runs the play against one audition in a world of its own, and leaves nothing running. */
  runAudition(scene: Scenario, play: (played: RunningAudition) => Promise<void>): Promise<void>;
  /** Does `work` while no worker runs workflows: what arrives meanwhile, one workflow task gets all at once. */
  whileWorkflowWorkerIsStopped(work: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

interface Scenario {
  /** The history is part of the replay corpus under this name. */
  readonly recordAs?: string;
  readonly plan?: Partial<AuditionPlan>;
  readonly prepare?: (world: FakeWorld) => void;
}

export interface RunningAudition {
  readonly world: FakeWorld;
  readonly plan: AuditionPlan;
  readonly handle: WorkflowHandleWithFirstExecutionRunId<typeof audition>;
  /** Makes a world for another audition, before it begins. */
  readonly createWorld: (id: AuditionId) => FakeWorld;
  readonly view: () => Promise<AuditionView>;
  /** Lets time pass until the audition is as wanted; fails when it has not come to that after so many steps. */
  readonly until: (wanted: (view: AuditionView) => boolean) => Promise<AuditionView>;
  /** Lets time pass to that moment. */
  readonly advanceTo: (at: Instant) => Promise<void>;
  /** Resolves, as the operator, the item of this step that waits. */
  readonly resolve: (step: AttentionStep, action: AttentionAction, joinUrl?: string) => Promise<AuditionView>;
  /** The ending of the audition, time skipped. */
  readonly result: () => Promise<AuditionView>;
}

export const apiCommand = { origin: 'api', correlationId: 'test' } as const;
export const operatorCommand = { origin: 'operator', correlationId: 'test', by: 'operator-1' } as const;

/** What is recorded lies encrypted, as it would on a real server. */
const dataConverter = createDataConverter(corpusKeys);
const logger = createLogger({ level: 'error', process: 'test' });

/** Time is skipped whenever everybody waits: for lifecycles of weeks. */
export const startTimeSkippingHarness = async (): Promise<WorkflowHarness> => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: errorLogsOnly });
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: inject('timeSkippingServer') } },
    client: { dataConverter },
  });
  await registerSearchAttributes(environment);
  return createHarness(environment, async (handle) => {
    switch (await pendingWorkOf(handle)) {
      case 'work':
        return pause(5);
      case 'backoff':
        return environment.sleep(second);
      case 'nothing':
        return environment.sleep(8 * minute);
    }
  });
};

/*
 * The time-skipping server skips also while an activity waits for a worker, up to that activity's own timeout, and on
 * a busy machine that is long. So time passes only where nothing is under way, and in steps shorter than the patience
 * of what comes due within them (20 minutes).
 */
const second = 1_000;
const minute = 60 * second;

/** Neither a workflow task, which the time-skipping server does not describe, nor an activity is under way. */
export const isIdle = async (handle: WorkflowHandle): Promise<boolean> => {
  const { events } = await handle.fetchHistory();
  const lastOf = (...types: readonly number[]) =>
    events?.findLastIndex(({ eventType }) => types.includes(eventType ?? 0)) ?? -1;
  const begun = lastOf(EVENT_TYPE_WORKFLOW_TASK_SCHEDULED);
  const answered = lastOf(
    EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EVENT_TYPE_WORKFLOW_TASK_FAILED,
    EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
  );
  if (begun > answered || (await pendingWorkOf(handle)) === 'work') return false;
  return (await handle.describe()).historyLength === events?.length;
};

const {
  EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
  EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
  EVENT_TYPE_WORKFLOW_TASK_FAILED,
  EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
} = proto.temporal.api.enums.v1.EventType;

export const pendingWorkOf = async (handle: WorkflowHandle): Promise<'work' | 'backoff' | 'nothing'> => {
  const { pendingActivities, pendingWorkflowTask } = (await handle.describe()).raw;
  if (pendingWorkflowTask) return 'work';
  const pending = pendingActivities ?? [];
  if (pending.length === 0) return 'nothing';
  const { PENDING_ACTIVITY_STATE_SCHEDULED } = proto.temporal.api.enums.v1.PendingActivityState;
  const waits = pending.every(
    ({ attempt, state }) => (attempt ?? 1) > 1 && state === PENDING_ACTIVITY_STATE_SCHEDULED,
  );
  return waits ? 'backoff' : 'work';
};

/** On a real development server, in real time: that of the end-to-end tests unless another is named. */
export const startRealTimeHarness = async (address = inject('temporalAddress')): Promise<WorkflowHarness> => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: errorLogsOnly });
  const namespace = inject('temporalNamespace');
  const environment = await TestWorkflowEnvironment.createFromExistingServer({
    address,
    namespace,
    client: { dataConverter },
  });
  return createHarness(environment, () => pause(50));
};

/** The time-skipping server calls itself older than it is, and core warns of that for each worker. */
export const errorLogsOnly = { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } } as const;

/** What diverges is kept, to be replayed under a debugger. */
export const expectReplayMatches = async (replayer: Replayer, played: RecordedHistory): Promise<void> => {
  const replayed = await replayer.replay(played);
  if (replayed.verdict.kind === 'same') return;
  const path = join(tmpdir(), `${played.workflowId.replace('/', '-')}.json`);
  await saveHistory(path, played);
  throw new Error([...reportLines(replayed), `its history is in ${path}`].join('\n'));
};

/** Lets a little time pass in the life of an audition. */
type Pass = (handle: RunningAudition['handle']) => Promise<void>;

const createHarness = async (environment: TestWorkflowEnvironment, pass: Pass): Promise<WorkflowHarness> => {
  const worlds = new Map<AuditionId, FakeWorld>();
  const suffix = `-${crypto.randomUUID()}`;
  const workers = await Promise.all(
    taskQueues.map((queue) =>
      openWorker(environment, `${queue}${suffix}`, { activities: activitiesIn(worlds) }),
    ),
  );
  const running = workers.map((worker) => worker.run());
  const bundle = await bundleWorkflows(logger);
  const openWorkflows = async () => {
    const worker = await openWorker(environment, `castmatch${suffix}`, { workflowBundle: bundle });
    const run = worker.run();
    return async () => {
      worker.shutdown();
      await run;
    };
  };
  let closeWorkflows = await openWorkflows();
  const workflowCode = await bundleWorkflows(logger, { readableErrors: true });
  const replayer = createReplayer({ masterKeys: corpusKeys, workflowCode });
  const createWorld = (id: AuditionId): FakeWorld => {
    const world = createFakeWorld();
    worlds.set(id, world);
    return world;
  };
  return {
    environment,
    async runAudition(scene, play) {
      const plan = auditionPlan(await environment.currentTimeMs(), scene.plan);
      const world = createWorld(plan.id);
      scene.prepare?.(world);
      const handle = await environment.client.workflow.start<typeof audition>(messages.auditionWorkflowType, {
        taskQueue: `castmatch${suffix}`,
        workflowId: auditionWorkflowId(plan.id),
        args: [{ plan }],
      });
      try {
        await play(runningAuditionOf({ pass, handle, world, createWorld, plan, environment }));
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

/** Of the test, in real milliseconds, not of the audition. */
const timeoutMs = 40_000;

/**
 * Ends an audition that its test is through with, between two activities: the time-skipping server keeps for ever the
 * lock of an activity that is under way when its workflow ends, and then time stands still for every test after it
 * (https://github.com/temporalio/sdk-java/issues/1138).
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

/** Each audition's activities happen in its own world. */
const activitiesIn = (worlds: ReadonlyMap<AuditionId, FakeWorld>): AuditionActivities => {
  const of = ({ auditionId }: Correlated): AuditionActivities => {
    const world = worlds.get(auditionId);
    if (!world) throw new Error(`nobody plays ${auditionId}`);
    return world.activities;
  };
  return {
    holdSlot: async (input) => of(input).holdSlot(input),
    confirmHold: async (input) => of(input).confirmHold(input),
    releaseHolds: async (input) => of(input).releaseHolds(input),
    recordEvents: async (input) => of(input).recordEvents(input),
    findBusy: async (input) => of(input).findBusy(input),
    writeEvent: async (input) => of(input).writeEvent(input),
    removeEvent: async (input) => of(input).removeEvent(input),
    createMeeting: async (input) => of(input).createMeeting(input),
    moveMeeting: async (input) => of(input).moveMeeting(input),
    removeMeeting: async (input) => of(input).removeMeeting(input),
    sendNotice: async (input) => of(input).sendNotice(input),
    retractNotice: async (input) => of(input).retractNotice(input),
  };
};

const runningAuditionOf = ({
  pass,
  handle,
  world,
  createWorld,
  plan,
  environment,
}: Pick<RunningAudition, 'handle' | 'world' | 'createWorld' | 'plan'> & {
  readonly pass: Pass;
  readonly environment: TestWorkflowEnvironment;
}): RunningAudition => {
  const view = () => handle.query(messages.viewQuery);
  const until: RunningAudition['until'] = async (wanted) => {
    let seen = '';
    for (const end = Date.now() + timeoutMs; Date.now() < end; await pass(handle)) {
      // A query replays the whole history here: only when there is more of it than the last time.
      const { historyLength } = await handle.describe();
      if (seen === String(historyLength)) continue;
      seen = String(historyLength);
      const now = await view();
      if (wanted(now)) return now;
    }
    throw new Error(`it never came to that; at last: ${JSON.stringify(await view(), null, 2)}`);
  };
  return {
    world,
    createWorld,
    plan,
    handle,
    view,
    until,
    async advanceTo(at) {
      while ((await environment.currentTimeMs()) < Date.parse(at)) await pass(handle);
    },
    async resolve(step, action, joinUrl) {
      const item = (await view()).attention.find((open) => open.step === step);
      if (!item) throw new Error(`no '${step}' waits for a person`);
      return handle.executeUpdate(messages.resolveAttentionUpdate, {
        args: [{ ...operatorCommand, id: item.id, action, joinUrl }],
      });
    },
    async result() {
      for (const end = Date.now() + timeoutMs; Date.now() < end; await pass(handle)) {
        if ((await handle.describe()).status.name !== 'RUNNING') return handle.result();
      }
      throw new Error(`it never ended; at last: ${JSON.stringify(await view(), null, 2)}`);
    },
  };
};

/** The time-skipping server knows how to add search attributes, not how to list them. */
export const registerSearchAttributes = async ({
  connection,
  namespace,
}: TestWorkflowEnvironment): Promise<void> => {
  await connection.operatorService.addSearchAttributes({
    namespace: namespace ?? 'default',
    searchAttributes: Object.fromEntries(
      Object.values(searchAttributes).map(({ name, type }) => [name, indexedValueTypes[type]]),
    ),
  });
};

/** temporal.api.enums.v1.IndexedValueType of the types that we use. */
const indexedValueTypes = { KEYWORD: 2, DATETIME: 6 } as const;

/** How an update was refused; fails when it was not. */
export const updateFailureOf = async (
  update: Promise<unknown>,
): Promise<{ readonly code: string | null | undefined; readonly whatToDo: unknown }> => {
  const error: unknown = await update.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure))
    throw new Error('it was not refused');
  const { type, details } = error.cause;
  return { code: type, whatToDo: details?.[0] };
};
