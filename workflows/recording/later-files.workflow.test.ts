/** Files that the provider finishes after those that are stored. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import {
  answer,
  found,
  hour,
  start,
  stored,
  useRecordingWorkflows,
} from '../../tests/harness/recording-workflows.ts';

useRecordingWorkflows();

const second = found({ id: 'rec_2', instance: 'uuid-2==' });
const kept = found({ id: 'rec_2', instance: 'uuid-2==', state: 'stored', toStore: [], storedFiles: 1 });
const countOf = (names: readonly string[], name: string): number =>
  names.filter((other) => other === name).length;

describe('a provider that does not list unfinished files', () => {
  it('is asked again after everything that it listed is stored, for some hours', async () => {
    const { handle, names, elapsed, finish } = await start({
      isReported: false,
      find: (round) => answer(round === 1 ? [found()] : [stored, round === 3 ? second : kept], {}, 'hidden'),
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored', recordings: 2 });
    expect(countOf(names(), 'findRecordings')).toBe(4);
    expect(countOf(names(), 'completeRecording')).toBe(2);
    expect(await elapsed()).toBeGreaterThanOrEqual(17 * hour);
    await finish('recording-with-later-opening');
  });

  it('has a transcript stored that is later than the video', async () => {
    const transcript = { recording: 'rec_1', file: 'f2', kind: 'transcript', format: 'vtt' } as const;
    const { handle, names } = await start({
      isReported: false,
      find: (round) =>
        answer(
          round === 1 ? [found()] : [{ ...stored, toStore: round === 2 ? [transcript] : [] }],
          {},
          'hidden',
        ),
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    expect(countOf(names(), 'storeFile')).toBe(2);
    expect(countOf(names(), 'completeRecording')).toBe(1);
  });

  it('leaves stored recordings as they are when it does not answer later', async () => {
    const { handle, names } = await start({
      isReported: false,
      find: (round) => {
        if (round === 1) return answer([found()], {}, 'hidden');
        throw ApplicationFailure.nonRetryable('the account is not connected', 'reconnect');
      },
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 1 });
    expect(names()).not.toContain('raiseRecordingAttention');
  });
});

describe('a provider that reports its files', () => {
  it('is asked once when a report has arrived', async () => {
    const { handle, names } = await start({ find: () => answer([found()], {}, 'reported') });
    await handle.result();
    expect(countOf(names(), 'findRecordings')).toBe(1);
  });

  it('is asked again when no report has arrived', async () => {
    const { handle, names } = await start({
      isReported: false,
      find: (round) =>
        answer(round === 1 ? [found()] : [stored, round === 2 ? second : kept], {}, 'reported'),
    });
    expect(await handle.result()).toMatchObject({ recordings: 2, storedFiles: 2 });
    expect(countOf(names(), 'findRecordings')).toBe(4);
  });
});

describe('a stored recording whose copy was removed', () => {
  it('is not missing when the provider reports it again, and its copy is not removed again', async () => {
    const { handle, names, finish } = await start({
      find: () =>
        answer(
          [{ ...stored, media: { listed: 1, stored: 1 }, isCopyRemoved: true }],
          { providerCopy: { action: 'delete', afterDays: 0 } },
          'reported',
        ),
    });
    expect(await handle.result()).toEqual({ outcome: 'stored', recordings: 1, storedFiles: 1 });
    expect(names()).toEqual(['findRecordings']);
    await finish('recording-reported-after-removal');
  });
});
