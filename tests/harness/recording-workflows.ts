/** Runs the workflow of recordings with activities that a test scripts. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, inject } from 'vitest';
import type {
  FindRecordingsResult,
  FoundRecording,
  RecordingActivities,
  StoreFileInput,
} from '../../activities/contract.ts';
import type { AuditionId, RecordingId } from '../../domain/ids.ts';
import { defaultRecordingPolicy, type RecordingPolicy } from '../../domain/recordings/recording-policy.ts';
import { recordingWorkflowId } from '../../domain/workflow-ids.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { createReplayer, type Replayer } from '../../workers/replay/replayer.ts';
import {
  recordingQuery,
  recordingReportedSignal,
  recordingWorkflowType,
} from '../../workflows/recording/messages.ts';
import type { recording } from '../../workflows/recording/workflow.ts';
import { recordOrRequireHistory } from './corpus-recording.ts';
import { dataConverter, startTimeSkippingServer } from './time-skipping-server.ts';
import { expectReplayMatches } from './workflow-harness.ts';

const suffix = `-${crypto.randomUUID()}`;
const minute = 60_000;
export const hour = 60 * minute;

/** What the provider has, and what the test wants of the activities. */
interface World {
  readonly calls: { readonly activity: keyof RecordingActivities; readonly input: unknown }[];
  find: (round: number) => FindRecordingsResult;
  store: (input: StoreFileInput, attempt: number) => Promise<void>;
  readonly remove: (attempt: number, recording: RecordingId) => Promise<RemovalResult>;
  /** Why nothing is listed. */
  readonly absence: FindRecordingsResult['absence'];
  /** Whether files turn out to have 0 bytes. */
  readonly hasEmptyFiles: boolean;
}
type RemovalResult = Awaited<ReturnType<RecordingActivities['removeAtProvider']>>['result'];
const worlds = new Map<AuditionId, World>();
const worldOf = ({ auditionId }: { readonly auditionId: AuditionId }): World => {
  const world = worlds.get(auditionId);
  if (!world) throw new Error(`the test has no world for ${auditionId}`);
  return world;
};
export const countOf = ({ calls }: World, activity: keyof RecordingActivities): number =>
  calls.filter((call) => call.activity === activity).length;

const note = (activity: keyof RecordingActivities, input: { readonly auditionId: AuditionId }): World => {
  const world = worldOf(input);
  world.calls.push({ activity, input });
  return world;
};

const activities: RecordingActivities = {
  findRecordings: async (input) => {
    const world = note('findRecordings', input);
    return {
      ...world.find(countOf(world, 'findRecordings')),
      ...(input.checkTrash && { isInTrash: true, absence: world.absence }),
    };
  },
  storeFile: async (input) => {
    const world = note('storeFile', input);
    await world.store(input, countOf(world, 'storeFile'));
    return { storageKey: input.file, size: world.hasEmptyFiles ? 0 : 10, sha256: 'f' };
  },
  discardFile: async (input) => {
    note('discardFile', input);
    return { result: 'undone' };
  },
  completeRecording: async (input) => void note('completeRecording', input),
  removeAtProvider: async (input) => {
    const world = note('removeAtProvider', input);
    return { result: await world.remove(countOf(world, 'removeAtProvider'), input.recording) };
  },
  raiseRecordingAttention: async (input) => void note('raiseRecordingAttention', input),
  settleRecordingAttention: async (input) => void note('settleRecordingAttention', input),
};

let environment: TestWorkflowEnvironment;
let replayer: Replayer;
let close: () => Promise<void>;
/** Call it at the top of a test file: starts the workers for its tests. */
export const useRecordingWorkflows = (): void => {
  beforeAll(async () => {
    environment = await startTimeSkippingServer();
    const common = { connection: environment.nativeConnection, dataConverter, shutdownGraceTime: 0 };
    const workers = await Promise.all([
      Worker.create({
        ...common,
        taskQueue: `castmatch${suffix}`,
        workflowBundle: inject('workflowCode').encrypted,
        activities: { ...activities },
      }),
      ...['zoom', 'media'].map((queue) =>
        Worker.create({ ...common, taskQueue: `${queue}${suffix}`, activities: { ...activities } }),
      ),
    ]);
    const running = workers.map((worker) => worker.run());
    replayer = createReplayer({
      masterKeys: corpusKeys,
      workflowCode: inject('workflowCode').readable,
    });
    close = async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      await replayer.close();
      await environment.teardown();
    };
  });
  afterAll(() => close());
};

/** The environment of the tests, whose time can be skipped. */
export const testEnvironment = (): TestWorkflowEnvironment => environment;

export const found = (change: Partial<FoundRecording> = {}): FoundRecording => ({
  id: 'rec_1',
  instance: 'uuid-1==',
  state: 'processing',
  isProcessing: false,
  toStore: [{ recording: 'rec_1', file: 'f1', format: 'mp4', size: 10 }],
  storedFiles: 0,
  ...change,
});
export const stored = found({ state: 'stored', toStore: [], storedFiles: 1 });

export const answer = (
  recordings: readonly FoundRecording[],
  policy: Partial<RecordingPolicy> = {},
  laterFiles?: FindRecordingsResult['laterFiles'],
): FindRecordingsResult => ({
  recordings,
  policy: { ...defaultRecordingPolicy, ...policy },
  ...(laterFiles && { laterFiles }),
});

let count = 0;
/** Starts the workflow: `reported` as the inbox does, otherwise as an audition does. */
export const start = async ({
  find,
  store = async () => {},
  remove = async () => 'removed',
  isReported = true,
  absence,
  hasEmptyFiles = false,
}: {
  readonly find: World['find'];
  readonly store?: World['store'];
  readonly remove?: World['remove'];
  readonly isReported?: boolean;
  readonly absence?: World['absence'];
  readonly hasEmptyFiles?: boolean;
}) => {
  count += 1;
  const auditionId: AuditionId = `aud_recording-${count}`;
  const world: World = { calls: [], find, store, remove, absence, hasEmptyFiles };
  worlds.set(auditionId, world);
  const input = {
    organization: 'org_1',
    auditionId,
    correlationId: 'corr-1',
    provider: 'zoom',
    meetingId: '81234567890',
  } as const;
  const options = {
    taskQueue: `castmatch${suffix}`,
    workflowId: recordingWorkflowId(auditionId, 'zoom', input.meetingId),
    args: [input] as [typeof input],
  };
  const startedAt = await environment.currentTimeMs();
  const handle = isReported
    ? await environment.client.workflow.signalWithStart<typeof recording, [{ inboxId: string }]>(
        recordingWorkflowType,
        { ...options, signal: recordingReportedSignal, signalArgs: [{ inboxId: 'in_1' }] },
      )
    : await environment.client.workflow.start<typeof recording>(recordingWorkflowType, options);
  const finish = async (recordAs?: string) => {
    const history = await handle.fetchHistory();
    const played = { workflowId: handle.workflowId, history };
    await expectReplayMatches(replayer, played);
    if (recordAs) await recordOrRequireHistory(recordAs, played);
  };
  return {
    world,
    handle,
    finish,
    names: () => world.calls.map(({ activity }) => activity),
    sleep: (ms: number) => environment.sleep(ms),
    elapsed: async () => (await environment.currentTimeMs()) - startedAt,
    untilAttention: async () => {
      while (countOf(world, 'raiseRecordingAttention') === 0) await environment.sleep(10 * minute);
      const view = await handle.query(recordingQuery);
      if (!view.attention) throw new Error('the view has no attention item');
      return view.attention;
    },
  };
};
