/** When the copies of stored recordings are removed at the provider. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { eventually } from '../../tests/harness/eventually.ts';
import {
  answer,
  countOf,
  found,
  hour,
  start,
  stored,
  testEnvironment,
  useRecordingWorkflows,
} from '../../tests/harness/recording-workflows.ts';
import { recordingQuery, recordingReportedSignal, resolveRecordingSignal } from './messages.ts';

useRecordingWorkflows();

const deletedAtOnce = { providerCopy: { action: 'delete', afterDays: 0 } } as const;

describe('the copy at the provider', () => {
  it('is removed after an outage of a day', async () => {
    const since = await testEnvironment().currentTimeMs();
    const { handle, names, finish } = await start({
      find: () => answer([found()], deletedAtOnce),
      remove: async () => {
        if ((await testEnvironment().currentTimeMs()) - since > 24 * hour) return 'removed';
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
    await testEnvironment().sleep(90 * 24 * hour);
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
    const storedAt = toInstant((await testEnvironment().currentTimeMs()) - 6 * 24 * hour);
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
    expect(item.recorded?.recordings).toEqual([{ id: 'rec_1' }]);
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
