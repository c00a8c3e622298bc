/** When recordings are looked for and stored, and when an operator is asked. */
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type {
  FindRecordingsResult,
  FoundRecording,
  RecordingActivities,
  StoreFileInput,
} from '../../activities/contract.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { defaultRecordingPolicy, type RecordingPolicy } from '../../domain/recordings/recording-policy.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { recordingWorkflowId } from '../../domain/workflow-ids.ts';
import { recordOrRequireHistory } from '../../tests/harness/corpus-recording.ts';
import { eventually } from '../../tests/harness/eventually.ts';
import { dataConverter, startTimeSkippingServer } from '../../tests/harness/time-skipping-server.ts';
import { expectReplayMatches } from '../../tests/harness/workflow-harness.ts';
import { corpusKeys } from '../../workers/replay/corpus.ts';
import { createReplayer, type Replayer } from '../../workers/replay/replayer.ts';
import {
  recordingQuery,
  recordingReportedSignal,
  recordingWorkflowType,
  resolveRecordingSignal,
} from './messages.ts';
import type { recording } from './workflow.ts';

const suffix = `-${crypto.randomUUID()}`;
const minute = 60_000;
const hour = 60 * minute;

/** What the provider has, and what the test wants of the activities. */
interface World {
  readonly calls: { readonly activity: keyof RecordingActivities; readonly input: unknown }[];
  find: (round: number) => FindRecordingsResult;
  store: (input: StoreFileInput, attempt: number) => Promise<void>;
  readonly remove: (attempt: number) => Promise<RemovalResult>;
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
const countOf = ({ calls }: World, activity: keyof RecordingActivities): number =>
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
      ...(input.checkTrash && { isInTrash: true }),
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
    return { result: await world.remove(countOf(world, 'removeAtProvider')) };
  },
  raiseRecordingAttention: async (input) => void note('raiseRecordingAttention', input),
  settleRecordingAttention: async (input) => void note('settleRecordingAttention', input),
};

let environment: TestWorkflowEnvironment;
let replayer: Replayer;
let close: () => Promise<void>;
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

const found = (change: Partial<FoundRecording> = {}): FoundRecording => ({
  id: 'rec_1',
  instance: 'uuid-1==',
  state: 'processing',
  isProcessing: false,
  toStore: [{ recording: 'rec_1', file: 'f1', format: 'mp4', size: 10 }],
  storedFiles: 0,
  ...change,
});
const stored = found({ state: 'stored', toStore: [], storedFiles: 1 });

const answer = (
  recordings: readonly FoundRecording[],
  policy: Partial<RecordingPolicy> = {},
): FindRecordingsResult => ({ recordings, policy: { ...defaultRecordingPolicy, ...policy } });

let count = 0;
/** Starts the workflow: `reported` as the inbox does, otherwise as an audition does. */
const start = async ({
  find,
  store = async () => {},
  remove = async () => 'removed',
  isReported = true,
  hasEmptyFiles = false,
}: {
  readonly find: World['find'];
  readonly store?: World['store'];
  readonly remove?: World['remove'];
  readonly isReported?: boolean;
  readonly hasEmptyFiles?: boolean;
}) => {
  count += 1;
  const auditionId: AuditionId = `aud_recording-${count}`;
  const world: World = { calls: [], find, store, remove, hasEmptyFiles };
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
    elapsed: async () => (await environment.currentTimeMs()) - startedAt,
    untilAttention: async () => {
      while (countOf(world, 'raiseRecordingAttention') === 0) await environment.sleep(10 * minute);
      const view = await handle.query(recordingQuery);
      if (!view.attention) throw new Error('the view has no attention item');
      return view.attention;
    },
  };
};

describe('a recording', () => {
  it('is stored as soon as the provider reports it', async () => {
    const { handle, names, finish } = await start({ find: () => answer([found()]) });
    expect(await handle.result()).toEqual({ outcome: 'stored', recordings: 1, storedFiles: 1 });
    expect(names()).toEqual(['findRecordings', 'storeFile', 'completeRecording']);
    await finish('recording-stored');
  });

  it('is looked for at growing intervals when no report arrives', async () => {
    const { handle, names, elapsed, finish } = await start({
      isReported: false,
      find: (round) => answer(round < 3 ? [] : [found()]),
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    expect(names()).toEqual([
      'findRecordings',
      'findRecordings',
      'findRecordings',
      'storeFile',
      'completeRecording',
    ]);
    // 15 minutes before the first question, then 15 and 30 minutes.
    expect(await elapsed()).toBeGreaterThanOrEqual(hour);
    await finish('recording-polled');
  });

  it('is stored in two steps when a transcript is ready later', async () => {
    const transcript = { recording: 'rec_1', file: 'f2', format: 'vtt', size: 5 } as const;
    const { handle, names, finish } = await start({
      find: (round) =>
        round === 1
          ? answer([found({ isProcessing: true })])
          : answer([found({ storedFiles: 1, toStore: [transcript] })]),
    });
    expect(await handle.result()).toEqual({ outcome: 'stored', recordings: 1, storedFiles: 2 });
    expect(names()).toEqual([
      'findRecordings',
      'storeFile',
      'findRecordings',
      'storeFile',
      'completeRecording',
    ]);
    await finish('recording-in-two-steps');
  });

  it('is stored again after a second report, without a second fact for what is stored', async () => {
    const { handle, names } = await start({
      find: () => answer([stored, found({ id: 'rec_2', instance: 'uuid-2==' })]),
    });
    expect(await handle.result()).toMatchObject({ recordings: 2, storedFiles: 2 });
    expect(names()).toEqual(['findRecordings', 'storeFile', 'completeRecording']);
  });

  it('is removed at the provider after the days that the organization wants', async () => {
    const { handle, names, elapsed, finish } = await start({
      find: () => answer([found()], { providerCopy: { action: 'trash', afterDays: 7 } }),
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    expect(names().at(-1)).toBe('removeAtProvider');
    expect(await elapsed()).toBeGreaterThanOrEqual(7 * 24 * hour);
    await finish('recording-removed-at-provider');
  });
});

const deletedAtOnce = { providerCopy: { action: 'delete', afterDays: 0 } } as const;

describe('the copy at the provider', () => {
  it('is removed after an outage of a day', async () => {
    const since = await environment.currentTimeMs();
    const { handle, names, finish } = await start({
      find: () => answer([found()], deletedAtOnce),
      remove: async () => {
        if ((await environment.currentTimeMs()) - since > 24 * hour) return 'removed';
        throw ApplicationFailure.retryable('down', 'outage');
      },
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    expect(names().at(-1)).toBe('removeAtProvider');
    expect(names()).not.toContain('raiseRecordingAttention');
    expect(names().filter((name) => name === 'findRecordings')).toHaveLength(1);
    await finish('copy-removed-after-outage');
  });

  it('is removed when the legal hold ends, however late', async () => {
    let isHeld = true;
    const { handle, world, elapsed, finish } = await start({
      find: (round) => answer([round === 1 ? found() : stored], deletedAtOnce),
      remove: async () => (isHeld ? 'held' : 'removed'),
    });
    await eventually(() => countOf(world, 'removeAtProvider') > 0, 20_000);
    await environment.sleep(90 * 24 * hour);
    expect(countOf(world, 'removeAtProvider')).toBe(1);
    expect((await handle.query(recordingQuery)).copy).toBe('held');
    isHeld = false;
    await handle.signal(recordingReportedSignal, { inboxId: 'hold-released/rec_1' });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    expect(countOf(world, 'removeAtProvider')).toBe(2);
    expect(await elapsed()).toBeGreaterThan(90 * 24 * hour);
    await finish('copy-removed-after-hold');
  });

  it('is removed after a transcript that has appeared is stored', async () => {
    const transcript = { recording: 'rec_1', file: 'f2', format: 'vtt', size: 5 } as const;
    const { handle, world, names, finish } = await start({
      find: (round) => answer([round === 1 ? found() : { ...stored, toStore: [transcript] }], deletedAtOnce),
      remove: async (attempt) => (attempt === 1 ? 'incomplete' : 'removed'),
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 2 });
    expect(names().slice(3)).toEqual(['removeAtProvider', 'findRecordings', 'storeFile', 'removeAtProvider']);
    const keys = world.calls.flatMap(({ activity, input }) =>
      activity === 'removeAtProvider' ? [Object(input).key] : [],
    );
    expect(keys).toEqual(['recording/rec_1:delete:1', 'recording/rec_1:delete:2']);
    await finish('copy-with-late-transcript');
  });

  it('is removed some days after the recording was stored, not after the last report', async () => {
    const storedAt = toInstant((await environment.currentTimeMs()) - 6 * 24 * hour);
    const { handle } = await start({
      find: () => answer([{ ...stored, storedAt }], { providerCopy: { action: 'delete', afterDays: 7 } }),
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    const { events } = await handle.fetchHistory();
    const waits = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
      timer ? [Number(timer.startToFireTimeout?.seconds) * 1_000] : [],
    );
    expect(waits).toEqual([expect.closeTo(24 * hour, -6)]);
  });

  it('raises attention when the provider refuses, and is removed after a retry', async () => {
    const { handle, world, untilAttention, finish } = await start({
      find: () => answer([found()], deletedAtOnce),
      remove: async (attempt) => {
        if (attempt > 1) return 'removed';
        throw ApplicationFailure.nonRetryable('no scope', 'misconfigured');
      },
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ code: 'misconfigured', what: expect.stringContaining('copy') });
    const raised = world.calls.find(({ activity }) => activity === 'raiseRecordingAttention');
    expect(raised?.input).not.toHaveProperty('missing');
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'retry', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    await finish('copy-removal-refused');
  });

  it('stays where the vendor deletes none, without a question', async () => {
    const { handle, names } = await start({
      find: () => answer([found()], deletedAtOnce),
      remove: async () => {
        const details = [{ provider: 'google', code: 'copy_is_kept' }];
        throw ApplicationFailure.create({ type: 'not_permitted', nonRetryable: true, details });
      },
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    expect(names()).not.toContain('raiseRecordingAttention');
  });
});

describe('a recording without a video or a sound', () => {
  const chat = { recording: 'rec_1', file: 'f2', kind: 'chat', format: 'txt', size: 5 } as const;

  it('is not stored when its video has 0 bytes, and raises attention', async () => {
    const { handle, names, untilAttention, finish } = await start({
      find: (round) =>
        answer(
          [
            found({
              media: { listed: 1, stored: 0 },
              toStore: round === 1 ? [chat] : [],
              storedFiles: round === 1 ? 0 : 1,
            }),
          ],
          { findWithinHours: 1 },
        ),
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ code: 'not_playable', hint: expect.stringContaining('support') });
    expect(names()).not.toContain('completeRecording');
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up', storedFiles: 1 });
    await finish('recording-not-playable');
  });

  it('is stored with its sound when only the video has 0 bytes', async () => {
    const sound = { recording: 'rec_1', file: 'f3', kind: 'audio', format: 'm4a', size: 5 } as const;
    const { handle, names } = await start({
      find: () => answer([found({ media: { listed: 2, stored: 0 }, toStore: [chat, sound] })]),
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 2 });
    expect(names()).toContain('completeRecording');
  });

  it('is stored beside another opening that has a video', async () => {
    const { handle, names } = await start({
      find: () =>
        answer([
          found({
            media: { listed: 1, stored: 0 },
            toStore: [{ recording: 'rec_1', file: 'f1', kind: 'video', format: 'mp4', size: 10 }],
          }),
          found({
            id: 'rec_2',
            instance: 'uuid-2==',
            media: { listed: 0, stored: 0 },
            toStore: [{ ...chat, recording: 'rec_2' }],
          }),
        ]),
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 2 });
    expect(names().filter((name) => name === 'completeRecording')).toHaveLength(2);
  });
});

describe('an operator', () => {
  it('is asked about a recording that never comes, and skips it', async () => {
    const { handle, world, elapsed, untilAttention, finish } = await start({
      isReported: false,
      find: () => answer([], { findWithinHours: 24 }),
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ step: 'recording', code: 'in_trash', actions: ['retry', 'skip'] });
    expect(await elapsed()).toBeGreaterThanOrEqual(24 * hour);
    const raised = world.calls.find(({ activity }) => activity === 'raiseRecordingAttention');
    expect(raised?.input).toMatchObject({ missing: 'in_trash', workflowId: handle.workflowId });
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up' });
    expect(world.calls.at(-1)).toMatchObject({
      activity: 'settleRecordingAttention',
      input: { id: item.id, isSkipped: true },
    });
    await finish('recording-missing');
  });

  it('is asked about a transfer that fails for good, and retries it', async () => {
    const { handle, names, untilAttention, finish } = await start({
      find: () => answer([found()]),
      store: async (_input, attempt) => {
        if (attempt === 1)
          throw ApplicationFailure.create({ type: 'not_permitted', message: 'refused', nonRetryable: true });
      },
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ code: 'not_permitted' });
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'retry', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 1 });
    expect(names().filter((name) => name === 'storeFile')).toHaveLength(2);
    await finish('recording-transfer-retried');
  });

  it('is not needed when the provider reports the recording after all', async () => {
    let recordings: readonly FoundRecording[] = [];
    const { handle, untilAttention, names } = await start({
      isReported: false,
      find: () => answer(recordings, { findWithinHours: 1 }),
    });
    await untilAttention();
    recordings = [found()];
    await handle.signal(recordingReportedSignal, { inboxId: 'in_2' });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    expect(names()).toContain('settleRecordingAttention');
  });

  it.each([
    ['recording_scope_missing', 'scope_missing', 'connect the account again'],
    ['meeting_without_event', 'not_served', 'download the recording'],
    ['4700', 'unreadable', 'health page'],
  ])('is told what to do when the provider refuses with %s', async (code, missing, advice) => {
    const { handle, world, untilAttention } = await start({
      find: () => {
        throw ApplicationFailure.create({
          type: 'not_permitted',
          message: 'refused',
          nonRetryable: true,
          details: [{ provider: 'zoom', code }],
        });
      },
    });
    const item = await untilAttention();
    expect(item.hint).toContain(advice);
    const raised = world.calls.find(({ activity }) => activity === 'raiseRecordingAttention');
    expect(raised?.input).toMatchObject({ missing });
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up' });
  });

  it('is asked about files that turn out to be empty, and not told that they are stored', async () => {
    const { handle, names, untilAttention } = await start({
      find: (round) => answer([round === 1 ? found() : found({ toStore: [] })], { findWithinHours: 1 }),
      hasEmptyFiles: true,
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ code: 'empty' });
    expect(names()).not.toContain('completeRecording');
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up', storedFiles: 0 });
  });

  it('cannot resolve an item that is not open', async () => {
    const { handle, untilAttention } = await start({
      isReported: false,
      find: () => answer([], { findWithinHours: 1 }),
    });
    const item = await untilAttention();
    await handle.signal(resolveRecordingSignal, { id: 'att_other', action: 'skip', by: 'operator-1' });
    expect((await handle.query(recordingQuery)).status).toBe('needs_attention');
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up' });
  });
});

describe('a cancelled workflow', () => {
  it('deletes what is incomplete', async () => {
    const { handle, world, names, finish } = await start({
      find: () => answer([found()]),
      store: async () => {
        throw ApplicationFailure.retryable('the connection is broken', 'outage');
      },
    });
    await eventually(() => countOf(world, 'storeFile') > 0, 20_000);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('Workflow execution cancelled');
    expect(names().at(-1)).toBe('discardFile');
    await finish('recording-cancelled');
  });
});
