/** When recordings are looked for and stored, and when an operator is asked. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { FoundRecording } from '../../activities/contract.ts';
import { eventually } from '../../tests/harness/eventually.ts';
import {
  answer,
  countOf,
  found,
  hour,
  start,
  stored,
  useRecordingWorkflows,
} from '../../tests/harness/recording-workflows.ts';
import { recordingQuery, recordingReportedSignal, resolveRecordingSignal } from './messages.ts';

useRecordingWorkflows();

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

describe('an operator', () => {
  it('is asked about a recording that never comes, and skips it', async () => {
    const { handle, world, elapsed, untilAttention, finish } = await start({
      isReported: false,
      find: () => answer([], { findWithinHours: 24 }),
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ step: 'recording', code: 'in_trash', actions: ['retry', 'skip'] });
    expect(item.what).toMatch(/ Meeting 81234567890 on zoom\.$/);
    expect(item.recorded).toEqual({ meetingId: '81234567890', recordings: [] });
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

  it('is asked about a recording that can be unfinished, and is not needed when it appears days later', async () => {
    let listed: readonly FoundRecording[] = [];
    const { handle, world, names, untilAttention, sleep, finish } = await start({
      isReported: false,
      find: () => answer(listed, { findWithinHours: 24 }, 'listed'),
      absence: 'not_listed',
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ code: 'not_listed', what: expect.stringContaining('can be unfinished') });
    const raised = world.calls.find(({ activity }) => activity === 'raiseRecordingAttention');
    expect(raised?.input).toMatchObject({ missing: 'not_listed' });
    await sleep(49 * hour);
    listed = [found()];
    expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 1 });
    expect(names()).toContain('settleRecordingAttention');
    await finish('recording-appears-beside-operator');
  });

  it('skips a recording that is looked for, which ends the looks', async () => {
    const { handle, names, untilAttention } = await start({
      isReported: false,
      find: () => answer([], { findWithinHours: 1 }, 'listed'),
      absence: 'still_processing',
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ code: 'still_processing' });
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up' });
    expect(names().at(-1)).toBe('settleRecordingAttention');
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

  it('is told which of the recordings of the meeting is missing', async () => {
    const missing = found({
      id: 'rec_2',
      instance: 'uuid-2==',
      isProcessing: true,
      toStore: [],
      startedAt: '2031-03-03T10:20:00.000Z',
    });
    const { handle, untilAttention } = await start({
      find: () => answer([stored, missing], { findWithinHours: 1 }),
    });
    const item = await untilAttention();
    expect(item.what).toContain('Meeting 81234567890 on zoom, rec_2 (2031-03-03T10:20:00.000Z).');
    expect(item.recorded).toEqual({
      meetingId: '81234567890',
      recordings: [{ id: 'rec_2', startedAt: '2031-03-03T10:20:00.000Z' }],
    });
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    await handle.result();
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
