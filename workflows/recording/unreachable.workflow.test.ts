/** A provider that cannot be asked for its recordings: an outage, or a limit. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import {
  answer,
  countOf,
  found,
  hour,
  start,
  useRecordingWorkflows,
} from '../../tests/harness/recording-workflows.ts';
import { resolveRecordingSignal } from './messages.ts';

useRecordingWorkflows();

const limited = () =>
  ApplicationFailure.create({ type: 'retry_after', message: 'too many requests', nextRetryDelay: '1 hour' });

describe('a provider that does not list its recordings', () => {
  it('for longer than the time of an attempt is asked again, without an operator', async () => {
    const { handle, names, world, elapsed, finish } = await start({
      // The attempts of two activities. Each one is retried for twenty minutes.
      find: (round) => {
        if (round <= 45) throw ApplicationFailure.retryable('no answer', 'outage');
        return answer([found()]);
      },
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 1 });
    expect(await elapsed()).toBeGreaterThan(hour);
    expect(countOf(world, 'storeFile')).toBe(1);
    expect(names()).not.toContain('raiseRecordingAttention');
    await finish('recording-outage');
  });

  it('because it limits the rate for an hour is asked again, without an operator', async () => {
    const { handle, names, finish } = await start({
      find: (round) => {
        if (round <= 2) throw limited();
        return answer([found()]);
      },
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored' });
    expect(names()).toEqual([
      'findRecordings',
      'findRecordings',
      'findRecordings',
      'storeFile',
      'completeRecording',
    ]);
    await finish();
  });

  it('until the deadline is named to an operator', async () => {
    const { handle, world, untilAttention, elapsed, finish } = await start({
      find: () => {
        throw limited();
      },
    });
    const item = await untilAttention();
    expect(item).toMatchObject({ code: 'unreadable' });
    expect(await elapsed()).toBeGreaterThanOrEqual(48 * hour);
    const raised = world.calls.find(({ activity }) => activity === 'raiseRecordingAttention');
    expect(raised?.input).toMatchObject({ missing: 'unreadable' });
    await handle.signal(resolveRecordingSignal, { id: item.id, action: 'skip', by: 'operator-1' });
    expect(await handle.result()).toMatchObject({ outcome: 'given_up' });
    await finish();
  });

  it('after everything was stored leaves the recordings as they are', async () => {
    const { handle, names } = await start({
      isReported: false,
      find: (round) => {
        if (round === 1) return answer([found()], {}, 'hidden');
        throw limited();
      },
    });
    expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 1 });
    expect(names()).not.toContain('raiseRecordingAttention');
  });
});
