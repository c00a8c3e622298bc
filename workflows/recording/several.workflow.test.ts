/** Several recordings of one meeting, which do not wait for each other. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../tests/harness/eventually.ts';
import {
  answer,
  found,
  hour,
  start,
  stored,
  testEnvironment,
  useRecordingWorkflows,
} from '../../tests/harness/recording-workflows.ts';
import { recordingQuery, recordingReportedSignal, resolveRecordingSignal } from './messages.ts';

useRecordingWorkflows();

const deletedAtOnce = { findWithinHours: 1, providerCopy: { action: 'delete', afterDays: 0 } } as const;
const second = found({
  id: 'rec_2',
  instance: 'uuid-2==',
  toStore: [{ recording: 'rec_2', file: 'f1', format: 'mp4', size: 10 }],
});
const secondStored = found({
  id: 'rec_2',
  instance: 'uuid-2==',
  state: 'stored',
  toStore: [],
  storedFiles: 1,
});
/** The provider has it, and its video has 0 bytes. */
const empty = found({ id: 'rec_2', instance: 'uuid-2==', toStore: [], media: { listed: 1, stored: 0 } });
const playable = found({
  media: { listed: 1, stored: 0 },
  toStore: [{ recording: 'rec_1', file: 'f1', kind: 'video', format: 'mp4', size: 10 }],
});
const playableStored = { ...stored, media: { listed: 1, stored: 1 } };

const removed = (world: Awaited<ReturnType<typeof start>>['world']): readonly string[] =>
  world.calls.flatMap(({ activity, input }) =>
    activity === 'removeAtProvider' ? [Object(input).recording] : [],
  );

describe('a recording that an operator skips', () => {
  it('leaves the removal of the other copies at the provider as it was', async () => {
    const { handle, world, untilAttention, finish } = await start({
      find: (round) => answer([round === 1 ? playable : playableStored, empty], deletedAtOnce),
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ code: 'empty' });
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up', recordings: 2 });
    expect(removed(world)).toEqual(['rec_1']);
    await finish('recording-skipped-beside-another');
  });

  it('raises no second question when the copy of another one is listed again', async () => {
    let isHeld = true;
    const { handle, world, names, untilAttention } = await start({
      find: (round) => answer([round === 1 ? playable : playableStored, empty], deletedAtOnce),
      remove: async () => (isHeld ? 'held' : 'removed'),
    });
    const item = await untilAttention();
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    await eventually(() => removed(world).length > 0, 20_000);
    isHeld = false;
    await handle.signal(recordingReportedSignal, { inboxId: 'hold-released/rec_1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up' });
    expect(removed(world)).toEqual(['rec_1', 'rec_1']);
    expect(names().filter((name) => name === 'raiseRecordingAttention')).toHaveLength(1);
  });

  it('is stored when the provider has it after all', async () => {
    let isHeld = true;
    let last = empty;
    const { handle, world, names, untilAttention } = await start({
      find: (round) => answer([round === 1 ? playable : playableStored, last], deletedAtOnce),
      remove: async () => (isHeld ? 'held' : 'removed'),
    });
    const item = await untilAttention();
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    await eventually(() => removed(world).length > 0, 20_000);
    isHeld = false;
    last = {
      ...empty,
      toStore: [{ recording: 'rec_2', file: 'f1', kind: 'video', format: 'mp4', size: 10 }],
    };
    await handle.signal(recordingReportedSignal, { inboxId: 'in_2' });
    expect(await handle.result()).toMatchObject({ storedFiles: 2 });
    expect(names().filter((name) => name === 'completeRecording')).toHaveLength(2);
    expect(removed(world).toSorted()).toEqual(['rec_1', 'rec_1', 'rec_2']);
  });
});

describe('a recording whose transfer fails', () => {
  it('does not keep the others from being recorded as stored', async () => {
    const { handle, world, names, untilAttention, finish } = await start({
      find: () => answer([found(), second], deletedAtOnce),
      store: async ({ recording }) => {
        if (recording === 'rec_2')
          throw ApplicationFailure.create({ type: 'not_permitted', message: 'refused', nonRetryable: true });
      },
    });
    const item = await untilAttention();
    expect(world.calls.filter(({ activity }) => activity === 'completeRecording')).toMatchObject([
      { input: { recording: 'rec_1' } },
    ]);
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up', storedFiles: 1 });
    expect(removed(world)).toEqual(['rec_1']);
    expect(names().at(-1)).toBe('removeAtProvider');
    await finish('recording-transfer-skipped-beside-another');
  });
});

describe('the copies of several recordings at the provider', () => {
  it('are removed although one has a legal hold', async () => {
    let isHeld = true;
    const { handle, world, finish } = await start({
      find: () => answer([stored, secondStored], deletedAtOnce),
      remove: async (_attempt, recording) => (recording === 'rec_1' && isHeld ? 'held' : 'removed'),
    });
    await eventually(() => removed(world).length === 2, 20_000);
    expect(removed(world).toSorted()).toEqual(['rec_1', 'rec_2']);
    expect((await handle.query(recordingQuery)).copy).toBe('held');
    isHeld = false;
    await handle.signal(recordingReportedSignal, { inboxId: 'hold-released/rec_1' });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    await finish('copies-with-one-hold');
  });

  it('are removed although the provider refuses one, and a skip concerns that one only', async () => {
    let isHeld = true;
    const { handle, world, names, untilAttention, finish } = await start({
      find: () => answer([stored, secondStored], deletedAtOnce),
      remove: async (_attempt, recording) => {
        if (recording === 'rec_2') return isHeld ? 'held' : 'removed';
        throw ApplicationFailure.nonRetryable('no scope', 'misconfigured');
      },
    });
    const item = await untilAttention();
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    await eventually(() => names().includes('settleRecordingAttention'), 20_000);
    isHeld = false;
    await handle.signal(recordingReportedSignal, { inboxId: 'hold-released/rec_2' });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    expect(removed(world).filter((id) => id === 'rec_1')).toHaveLength(1);
    expect(removed(world).filter((id) => id === 'rec_2')).toHaveLength(2);
    expect(names().filter((name) => name === 'raiseRecordingAttention')).toHaveLength(1);
    await finish('copies-with-one-refusal');
  });

  it('raise one question after the other', async () => {
    const { handle, world, untilAttention } = await start({
      find: () => answer([stored, secondStored], deletedAtOnce),
      remove: async () => {
        throw ApplicationFailure.nonRetryable('no scope', 'misconfigured');
      },
    });
    const item = await untilAttention();
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    await eventually(
      () => world.calls.filter(({ activity }) => activity === 'raiseRecordingAttention').length === 2,
      20_000,
    );
    const { attention } = await handle.query(recordingQuery);
    expect(attention?.id).not.toBe(item.id);
    if (!attention) throw new Error('the view has no second attention item');
    await handle.signal(resolveRecordingSignal, { id: attention.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
  });

  it('are listed again for a transcript of one while another is held', async () => {
    const transcript = { recording: 'rec_2', file: 'f2', format: 'vtt', size: 5 } as const;
    let isHeld = true;
    let round = 0;
    const { handle, world, names } = await start({
      find: () => {
        round += 1;
        return answer(
          [stored, round === 2 ? { ...secondStored, toStore: [transcript] } : secondStored],
          deletedAtOnce,
        );
      },
      remove: async (_attempt, recording) => {
        if (recording === 'rec_1') return isHeld ? 'held' : 'removed';
        return round === 1 ? 'incomplete' : 'removed';
      },
    });
    await eventually(() => removed(world).length === 2, 20_000);
    await testEnvironment().sleep(hour);
    await eventually(() => removed(world).length === 4, 20_000);
    expect(names()).toContain('storeFile');
    isHeld = false;
    await handle.signal(recordingReportedSignal, { inboxId: 'hold-released/rec_1' });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
  });
});

describe('a report that arrives while the last copy is being removed', () => {
  it('is not lost', async () => {
    const { handle, names } = await start({
      find: (round) => answer(round === 1 ? [found()] : [stored, second], deletedAtOnce),
      remove: async (attempt) => {
        if (attempt === 1) await handle.signal(recordingReportedSignal, { inboxId: 'in_2' });
        return 'removed';
      },
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 2 });
    expect(names().filter((name) => name === 'findRecordings')).toHaveLength(2);
  });
});
