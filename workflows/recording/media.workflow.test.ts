/** Which recordings count as stored. */
import { describe, expect, it } from 'vitest';
import { answer, found, start, useRecordingWorkflows } from '../../tests/harness/recording-workflows.ts';
import { resolveRecordingSignal } from './messages.ts';

useRecordingWorkflows();

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
