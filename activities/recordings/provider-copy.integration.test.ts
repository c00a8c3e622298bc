/** The copies of stored recordings at the provider. */
import { describe, expect, it } from 'vitest';
import { useRecordingHarness } from '../../tests/harness/recording-harness.ts';
import type { WorkflowSignals } from '../../workers/inbox/workflow-signals.ts';
import { createHeldCopyRound } from '../../workers/recordings/held-copies.ts';

const setUp = useRecordingHarness();

const only = <Item>(items: readonly Item[]): Item => {
  const [first, ...rest] = items;
  if (first === undefined || rest.length > 0) throw new Error(`${items.length} items instead of one`);
  return first;
};

/** Stores the files of the only recording, and returns its id. */
const storeAll = async ({ filesToStore, run, call }: Awaited<ReturnType<typeof setUp>>) => {
  const files = await filesToStore();
  for (const file of files) await run.storeFile(file);
  const recording = files[0]?.recording ?? 'rec_none';
  await run.completeRecording({ ...call, recording });
  return recording;
};

describe('the copy of a recording at the provider', () => {
  const actor = { by: 'test', role: 'admin', correlationId: 'corr-1' } as const;

  it('keeps a transcript that is not stored, until it is', async () => {
    const harness = await setUp();
    const { record, run, call, sandbox } = harness;
    const { uuid } = record({ files: [{ type: 'MP4', size: 1_000 }] });
    const recording = await storeAll(harness);
    const removal = { ...call, recording, instance: uuid, action: 'delete' } as const;
    sandbox.control.addRecordingFile(uuid, { type: 'TRANSCRIPT', size: 50 });
    expect(await run.removeAtProvider({ ...removal, key: `recording/${recording}:delete:1` })).toEqual({
      result: 'incomplete',
    });
    expect(sandbox.control.state().zoom.recordings).toMatchObject([{ files: [{ type: 'TRANSCRIPT' }] }]);
    await storeAll(harness);
    expect(await run.removeAtProvider({ ...removal, key: `recording/${recording}:delete:2` })).toEqual({
      result: 'removed',
    });
    expect(sandbox.control.state().zoom.recordings).toEqual([]);
  });

  it('is not needed for the recording to count as stored', async () => {
    const harness = await setUp();
    const { record, run, call, find } = harness;
    const { uuid } = record({ files: [{ type: 'MP4', size: 1_000 }] });
    const recording = await storeAll(harness);
    const removal = { ...call, recording, instance: uuid, action: 'delete' } as const;
    await run.removeAtProvider({ ...removal, key: `recording/${recording}:delete:1` });
    expect(only((await find()).recordings)).toEqual({
      id: recording,
      instance: uuid,
      startedAt: expect.stringMatching(/Z$/),
      state: 'stored',
      isProcessing: false,
      toStore: [],
      storedFiles: 1,
      media: { listed: 1, stored: 1 },
      storedAt: expect.stringMatching(/Z$/),
      isCopyRemoved: true,
    });
  });

  it('is not needed for the recording to count as stored when a person has deleted it', async () => {
    const harness = await setUp();
    const { uuid } = harness.record({ files: [{ type: 'MP4', size: 1_000 }] });
    const recording = await storeAll(harness);
    harness.sandbox.control.removeRecording(uuid, 'delete');
    const found = only((await harness.find()).recordings);
    expect(found).toMatchObject({ id: recording, state: 'stored', storedFiles: 1 });
    expect(found).not.toHaveProperty('isCopyRemoved');
  });

  it('is removed when the hold that it waits for has ended, and its workflow is notified once', async () => {
    const harness = await setUp();
    const { record, run, call, repositories } = harness;
    const { uuid } = record({ files: [{ type: 'MP4', size: 1_000 }] });
    const recording = await storeAll(harness);
    const subject = { organization: 'org_1', subject: call.auditionId } as const;
    await repositories.recordingHolds.place(subject, 'dispute', actor);
    const removal = {
      ...call,
      key: `recording/${recording}:delete:1`,
      recording,
      instance: uuid,
      action: 'delete',
    } as const;
    expect(await run.removeAtProvider(removal)).toEqual({ result: 'held' });
    const notified: Parameters<WorkflowSignals['reportRecording']>[0][] = [];
    const round = createHeldCopyRound({
      heldCopies: repositories.heldCopies,
      workflowSignals: { reportRecording: async (input) => void notified.push(input) },
    });
    const notifiedNow = async () => {
      await round(new AbortController().signal);
      return notified.splice(0).filter(({ auditionId }) => auditionId === call.auditionId);
    };
    expect(await notifiedNow()).toEqual([]);
    await repositories.recordingHolds.release(subject, actor);
    expect(await notifiedNow()).toEqual([call]);
    expect(await notifiedNow()).toEqual([]);
    expect(await run.removeAtProvider(removal)).toEqual({ result: 'removed' });
  });
});

it('the copy of a recording that is deleted here is kept by a later hold on its audition', async () => {
  const harness = await setUp();
  const { record, run, call, repositories, sandbox } = harness;
  const { uuid } = record({ files: [{ type: 'MP4', size: 1_000 }] });
  const recording = await storeAll(harness);
  const actor = { by: 'test', role: 'admin', correlationId: 'corr-1' } as const;
  expect(await repositories.recordingDeletions.request('org_1', recording, actor)).toBe('requested');
  await repositories.recordingDeletions.complete(recording);
  const subject = { organization: 'org_1', subject: call.auditionId } as const;
  expect(await repositories.recordingHolds.place(subject, 'dispute', actor)).toBe('placed');
  const key = `recording/${recording}:delete:1`;
  const removal = { ...call, key, recording, instance: uuid, action: 'delete' } as const;
  expect(await run.removeAtProvider(removal)).toEqual({ result: 'held' });
  expect(sandbox.control.state().zoom.recordings).toMatchObject([{ uuid, place: 'kept' }]);
});

it('a legal hold that is placed during the removal at the provider stops it', async () => {
  const harness = await setUp({
    wrapRecordings: (zoom) => ({
      ...zoom,
      remove: async (host, copy, action, call) => {
        await harness.repositories.recordingHolds.place(
          { organization: 'org_1', subject: harness.call.auditionId },
          'dispute',
          { by: 'test', role: 'admin', correlationId: 'corr-1' },
        );
        return zoom.remove(host, copy, action, call);
      },
    }),
  });
  const { uuid } = harness.record({ files: [{ type: 'MP4', size: 1_000 }] });
  const recording = await storeAll(harness);
  const removal = {
    ...harness.call,
    key: `recording/${recording}:delete:1`,
    recording,
    instance: uuid,
    action: 'delete',
  } as const;
  expect(await harness.run.removeAtProvider(removal)).toEqual({ result: 'held' });
  expect(harness.sandbox.control.state().zoom.recordings).toMatchObject([{ uuid, place: 'kept' }]);
});
