import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../tests/harness/eventually.ts';
import { checksumOf, useRecordingHarness } from '../../tests/harness/recording-harness.ts';
import type { StoreFileInput } from '../contract.ts';

const setUp = useRecordingHarness();
const megabyte = 1_000_000;

const only = <Item>(items: readonly Item[]): Item => {
  const [first, ...rest] = items;
  if (first === undefined || rest.length > 0) throw new Error(`${items.length} items instead of one`);
  return first;
};

describe('the search for recordings', () => {
  it('finds nothing before the recording exists', async () => {
    const { find } = await setUp();
    expect(await find()).toMatchObject({ recordings: [], policy: { retainForDays: 90 } });
  });

  it('finds a recording that is being processed, and its files when they are ready', async () => {
    const { record, find, sandbox, call } = await setUp();
    record({ processingMs: 3_600_000 });
    const processing = only((await find()).recordings);
    expect(processing).toMatchObject({ isProcessing: true, toStore: [], state: 'processing' });
    sandbox.control.removeRecording(processing.instance, 'delete');
    record({ uuid: processing.instance });
    const ready = only((await find()).recordings);
    expect(ready).toMatchObject({
      id: processing.id,
      isProcessing: false,
      startedAt: expect.stringMatching(/^20/),
    });
    expect(ready.toStore.map(({ format }) => format).toSorted()).toEqual(['m4a', 'mp4', 'vtt']);
    expect(call.provider).toBe('zoom');
  });

  it('leaves files of 0 bytes out', async () => {
    const { record, find } = await setUp();
    record({
      files: [
        { type: 'MP4', size: 10 },
        { type: 'CHAT', size: 0 },
      ],
    });
    const found = only((await find()).recordings);
    expect(found).toMatchObject({ isProcessing: false, toStore: [{ format: 'mp4', size: 10 }] });
  });

  it('tells a recording in the trash from one that was never made', async () => {
    const { record, run, call, sandbox } = await setUp();
    expect(await run.findRecordings({ ...call, checkTrash: true })).toMatchObject({ absence: 'never_made' });
    const { uuid } = record();
    sandbox.control.removeRecording(uuid, 'trash');
    expect(await run.findRecordings({ ...call, checkTrash: true })).toMatchObject({
      recordings: [],
      absence: 'in_trash',
    });
  });
});

const storeOnly = async (
  { filesToStore, run }: Awaited<ReturnType<typeof setUp>>,
  change: Partial<StoreFileInput> = {},
) => {
  const input = { ...only(await filesToStore()), ...change };
  return { input, stored: await run.storeFile(input) };
};

describe('the transfer of a file', () => {
  it('stores the file with its size and checksum, under ids only', async () => {
    const harness = await setUp();
    const file = only(harness.record({ files: [{ type: 'MP4', size: 30 * megabyte + 7 }] }).files);
    const { input, stored } = await storeOnly(harness);
    const { organization, auditionId } = harness.call;
    expect(stored).toEqual({
      storageKey: `${organization}/${auditionId}/${input.recording}/${input.file}.mp4`,
      size: file.size,
      sha256: checksumOf(file),
    });
    expect(await readdir(join(harness.directory, organization, auditionId, input.recording))).toEqual([
      `${input.file}.mp4`,
    ]);
  });

  it('stores a file once when the activity is repeated', async () => {
    const harness = await setUp();
    harness.record({ files: [{ type: 'M4A', size: 2 * megabyte }] });
    const { input, stored } = await storeOnly(harness);
    const downloads = () => harness.sandbox.control.state().calls.zoom['recordings.archive'];
    const before = JSON.stringify(downloads());
    expect(await harness.run.storeFile(input)).toEqual(stored);
    expect(JSON.stringify(downloads())).toBe(before);
  });

  it('continues after a broken connection, and has the checksum of the whole file', async () => {
    const harness = await setUp();
    const file = only(
      harness.record({
        files: [{ type: 'MP4', size: 20 * megabyte }],
        cutAfter: 9 * megabyte,
        cuts: 2,
      }).files,
    );
    const input = only(await harness.filesToStore());
    for (let cut = 0; cut < 2; cut += 1) {
      await expect(harness.run.storeFile(input)).rejects.toMatchObject({ type: 'outage' });
      const [partial] = await readdir(
        join(harness.directory, 'org_1', harness.call.auditionId, input.recording),
      );
      expect(partial).toMatch(/\.part$/);
    }
    expect(await harness.run.storeFile(input)).toMatchObject({
      size: file.size,
      sha256: checksumOf(file),
    });
  });

  it('skips the stored bytes when the provider ignores ranges', async () => {
    const harness = await setUp();
    const file = only(
      harness.record({
        files: [{ type: 'MP4', size: 12 * megabyte }],
        cutAfter: 7 * megabyte,
        ignoresRanges: true,
      }).files,
    );
    const input = only(await harness.filesToStore());
    await expect(harness.run.storeFile(input)).rejects.toMatchObject({ type: 'outage' });
    expect(await harness.run.storeFile(input)).toMatchObject({ sha256: checksumOf(file) });
  });

  it('gets a new address when the token has expired', async () => {
    const harness = await setUp();
    const file = only(harness.record({ files: [{ type: 'MP4', size: megabyte }] }).files);
    const input = only(await harness.filesToStore());
    harness.sandbox.control.setFault('zoom', {
      kind: 'unauthorized',
      operation: 'recordings.download',
      times: 1,
    });
    await expect(harness.run.storeFile(input)).rejects.toMatchObject({
      type: 'retry',
      nonRetryable: false,
    });
    expect(await harness.run.storeFile(input)).toMatchObject({ sha256: checksumOf(file) });
  });

  it('stops when it is cancelled, and keeps what was stored', async () => {
    const harness = await setUp();
    const file = only(
      harness.record({ files: [{ type: 'MP4', size: 40 * megabyte }], bytesPerSecond: 20 * megabyte }).files,
    );
    const input = only(await harness.filesToStore());
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    const cancelled = harness.run.storeFile(input, environment).catch((error: unknown) => error);
    await pause(700);
    environment.cancel('CANCELLED');
    expect(await cancelled).toBeInstanceOf(Error);
    const folder = join(harness.directory, 'org_1', harness.call.auditionId, input.recording);
    await eventually(async () => (await readdir(folder)).some((name) => name.endsWith('.part')), 5_000);
    await harness.timePasses();
    expect(await harness.run.storeFile(input)).toMatchObject({ sha256: checksumOf(file) });
  });

  it('retries later when the storage is full', async () => {
    let isFull = true;
    const harness = await setUp({
      wrapStorage: (storage) => ({
        ...storage,
        upload: (key, size, call) => storage.upload(key, isFull ? 2 ** 60 : size, call),
      }),
    });
    const file = only(harness.record({ files: [{ type: 'MP4', size: megabyte }] }).files);
    const input = only(await harness.filesToStore());
    await expect(harness.run.storeFile(input)).rejects.toMatchObject({
      type: 'retry_after',
      nonRetryable: false,
    });
    isFull = false;
    expect(await harness.run.storeFile(input)).toMatchObject({ sha256: checksumOf(file) });
  });

  it('is undone with all of its bytes, and cannot be repeated then', async () => {
    const harness = await setUp();
    harness.record({ files: [{ type: 'MP4', size: 12 * megabyte }], cutAfter: 5 * megabyte });
    const input = only(await harness.filesToStore());
    await expect(harness.run.storeFile(input)).rejects.toMatchObject({ type: 'outage' });
    expect(await harness.run.discardFile(input)).toEqual({ result: 'undone' });
    const folder = join(harness.directory, 'org_1', harness.call.auditionId, input.recording);
    expect(await readdir(folder)).toEqual([]);
    await expect(harness.run.storeFile(input)).rejects.toMatchObject({ type: 'Compensated' });
  });
});

describe('a recording whose files are stored', () => {
  it('becomes one fact of its audition, and has a retention', async () => {
    const { record, filesToStore, run, call, facts, repositories } = await setUp();
    record({
      files: [
        { type: 'MP4', size: 1_000 },
        { type: 'TRANSCRIPT', size: 50 },
      ],
    });
    const files = await filesToStore();
    for (const file of files) await run.storeFile(file);
    const recording = files[0]?.recording ?? 'rec_none';
    await run.completeRecording({ ...call, recording });
    await run.completeRecording({ ...call, recording });
    expect(await facts()).toEqual([
      { type: 'recording_stored', recording, provider: 'zoom', files: 2, bytes: 1_050 },
    ]);
    const [stored] = await repositories.recordings.ofAudition('org_1', call.auditionId);
    expect(stored).toMatchObject({ state: 'stored', files: [{ state: 'stored' }, { state: 'stored' }] });
    const days = (Date.parse(stored?.retainUntil ?? '') - Date.parse(stored?.storedAt ?? '')) / 86_400_000;
    expect(days).toBe(90);
  });

  it('is removed at the provider once, and not while it has a legal hold', async () => {
    const { record, filesToStore, run, call, repositories, sandbox } = await setUp();
    const { uuid } = record({ files: [{ type: 'MP4', size: 1_000 }] });
    const file = only(await filesToStore());
    const removal = {
      ...call,
      key: `recording/${file.recording}:trash`,
      recording: file.recording,
      instance: uuid,
      action: 'trash',
    } as const;
    expect(await run.removeAtProvider(removal)).toEqual({ result: 'not_stored' });
    await run.storeFile(file);
    await run.completeRecording({ ...call, recording: file.recording });
    const actor = { by: 'test', role: 'admin', correlationId: 'corr-1' } as const;
    const subject = { organization: 'org_1', subject: call.auditionId } as const;
    await repositories.recordingHolds.place(subject, 'dispute', actor);
    expect(await run.removeAtProvider(removal)).toEqual({ result: 'held' });
    await repositories.recordingHolds.release(subject, actor);
    expect(await run.removeAtProvider(removal)).toEqual({ result: 'removed' });
    expect(await run.removeAtProvider(removal)).toEqual({ result: 'removed' });
    expect(sandbox.control.state().zoom.recordings).toMatchObject([{ uuid, place: 'trash' }]);
  });
});

describe('an attention item of a recording', () => {
  it('is listed with those of auditions, survives facts of its audition, and is settled', async () => {
    const { run, call, repositories, reported, facts } = await setUp();
    const item = {
      id: 'att_rec-1-1',
      step: 'recording',
      what: 'No recording.',
      hint: 'Retry.',
      actions: ['retry', 'skip'],
      raisedAt: '2031-01-01T10:00:00.000Z',
      dueAt: '2031-01-01T14:00:00.000Z',
      overdue: false,
    } as const;
    const raise = { ...call, item, workflowId: 'recording/x', missing: 'never_made' } as const;
    await run.raiseRecordingAttention({ ...raise, item: { ...item, actions: [...item.actions] } });
    await run.raiseRecordingAttention({ ...raise, item: { ...item, actions: [...item.actions] } });
    const listed = async () =>
      (await repositories.auditions.listAttentionItems('org_1', { limit: 50 })).items.filter(
        ({ auditionId }) => auditionId === call.auditionId,
      );
    expect(await listed()).toMatchObject([{ id: item.id, step: 'recording' }]);
    expect(await facts()).toEqual([
      { type: 'recording_missing', provider: 'zoom', meetingId: call.meetingId, reason: 'never_made' },
    ]);
    expect(reported).toEqual([item.id, item.id]);
    await repositories.auditions.rebuild();
    expect(await listed()).toHaveLength(1);
    expect(await repositories.auditions.findAttentionItem('org_1', item.id)).toEqual({
      auditionId: call.auditionId,
      workflowId: 'recording/x',
    });
    await run.settleRecordingAttention({ ...call, id: item.id });
    expect(await listed()).toEqual([]);
  });
});

const setUpMeet = () => setUp({ provider: 'google_meet' });

describe('the recording of a Meet conference', () => {
  it('is read with the account of its calendar, and continues after a broken connection', async () => {
    const harness = await setUpMeet();
    const file = only(
      harness.recordSession({ files: [{ type: 'video', size: 20 * megabyte }], cutAfter: 9 * megabyte }),
    );
    const input = only(await harness.filesToStore());
    expect(input).toMatchObject({ provider: 'google_meet', format: 'mp4', size: 20 * megabyte });
    await expect(harness.run.storeFile(input)).rejects.toMatchObject({ type: 'outage' });
    expect(await harness.run.storeFile(input)).toMatchObject({ size: file.size, sha256: checksumOf(file) });
    await harness.run.completeRecording({ ...harness.call, recording: input.recording });
    expect(await harness.facts()).toMatchObject([{ type: 'recording_stored', provider: 'google_meet' }]);
  });

  it('has a transcript of an unknown size, which is not kept when it is empty', async () => {
    const harness = await setUpMeet();
    harness.recordSession({
      files: [
        { type: 'transcript', size: 0 },
        { type: 'transcript', size: 500 },
      ],
    });
    const sizes = [];
    for (const input of await harness.filesToStore()) {
      expect(input.size).toBeUndefined();
      sizes.push((await harness.run.storeFile(input)).size);
    }
    expect(sizes.toSorted((a, b) => a - b)).toEqual([0, 500]);
    const found = only((await harness.find()).recordings);
    expect(found).toMatchObject({ toStore: [], storedFiles: 1, isProcessing: false });
    const [stored] = await harness.repositories.recordings.ofAudition('org_1', harness.call.auditionId);
    expect(stored?.files.map(({ state }) => state).toSorted()).toEqual(['empty', 'stored']);
    const folder = join(harness.directory, 'org_1', harness.call.auditionId, found.id);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('is waited for while Meet generates it, and told from one in the trash', async () => {
    const harness = await setUpMeet();
    const [made] = harness.recordSession({
      files: [{ type: 'video', size: 100 }],
      processingMs: 3_600_000,
    });
    expect(only((await harness.find()).recordings)).toMatchObject({ isProcessing: true, toStore: [] });
    harness.sandbox.control.removeSessionFile('google', made?.id ?? '', 'trash');
    const [later] = harness.recordSession({ files: [{ type: 'video', size: 100 }] });
    harness.sandbox.control.removeSessionFile('google', later?.id ?? '', 'trash');
    expect(await harness.run.findRecordings({ ...harness.call, checkTrash: true })).toMatchObject({
      isInTrash: true,
    });
  });
});

describe('a recording that an operator has skipped', () => {
  it('gets a retention, and keeps what is stored until then', async () => {
    const harness = await setUp();
    harness.record({ files: [{ type: 'MP4', size: 12 * megabyte }], cutAfter: 5 * megabyte });
    const input = only(await harness.filesToStore());
    await expect(harness.run.storeFile(input)).rejects.toMatchObject({ type: 'outage' });
    const state = async () =>
      only(await harness.repositories.recordings.ofAudition('org_1', harness.call.auditionId));
    await harness.run.settleRecordingAttention({ ...harness.call, id: 'att_rec-1-1', isSkipped: false });
    expect((await state()).retainUntil).toBeUndefined();
    await harness.run.settleRecordingAttention({ ...harness.call, id: 'att_rec-1-1', isSkipped: true });
    expect(await state()).toMatchObject({ state: 'processing', retainUntil: expect.stringMatching(/^20/) });
  });

  it('that is deleted during a transfer leaves no bytes and no fact', async () => {
    const harness = await setUp();
    harness.record({ files: [{ type: 'MP4', size: megabyte }] });
    const input = only(await harness.filesToStore());
    await harness.run.settleRecordingAttention({ ...harness.call, id: 'att_rec-1-1', isSkipped: true });
    const actor = { by: 'test', role: 'admin', correlationId: 'corr-1' } as const;
    await harness.repositories.recordingDeletions.request('org_1', input.recording, actor);
    await harness.run.storeFile(input);
    await harness.run.completeRecording({ ...harness.call, recording: input.recording });
    expect(await readdir(join(harness.directory, 'org_1', harness.call.auditionId, input.recording))).toEqual(
      [],
    );
    expect(await harness.facts()).toEqual([]);
  });
});
