/**
 * Stores recordings with the whole service, and kills its workers with SIGKILL while a large file is transferred.
 * `npm run test:deep` transfers 1 GB.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionId } from '../../domain/ids.ts';
import { recordingWorkflowId } from '../../domain/workflow-ids.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { atDepth } from '../harness/depth.ts';
import { eventually } from '../harness/eventually.ts';
import { checksumOf } from '../harness/recording-harness.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';

const megabyte = 1_000_000;
const largeSize = atDepth(120, 1_000) * megabyte;
/** Slow enough that each worker is killed before it has transferred the rest. */
const bytesPerSecond = atDepth(15, 60) * megabyte;
const kills = atDepth(2, 4);

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
});
afterAll(() => service.close());

let auditions = 0;
/** Schedules an audition, and returns it with the id of its meeting at Zoom. */
const scheduled = async (): Promise<{ readonly id: AuditionId; readonly meetingId: string }> => {
  auditions += 1;
  const { id } = await platform.request(requestBody(auditions, (2 + auditions) * day));
  const view = await platform.until(id, ({ state, meeting }) => state === 'scheduled' && !!meeting, 30_000);
  return { id, meetingId: view.meeting?.id ?? '' };
};

const recordingsOf = (id: AuditionId) =>
  service.database.repositories.recordings.ofAudition(organization, id);

const storedRecording = async (id: AuditionId, withinMs: number) => {
  await eventually(async () => (await recordingsOf(id)).some(({ state }) => state === 'stored'), withinMs);
  const [recording] = await recordingsOf(id);
  if (!recording) throw new Error('the recording is gone');
  return recording;
};

const pathOf = (storageKey: string): string =>
  join(service.env['STORAGE_DIRECTORY'] ?? '', ...storageKey.split('/'));

const sha256Of = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
};

describe('the service', () => {
  it('stores the files of a recording that Zoom reports, and reports them', async () => {
    const worker = await service.startWorker();
    const { id, meetingId } = await scheduled();
    const { files } = service.sandbox.control.recordMeeting(meetingId, {});
    const { webhook } = await service.sandbox.control.sendMeetingEvent(meetingId, {
      event: 'recording.completed',
    });
    expect(webhook).toBe('204');
    const recording = await storedRecording(id, 30_000);
    expect(recording.files).toHaveLength(files.length);
    for (const file of recording.files) {
      const made = files.find(({ size }) => size === file.size);
      if (!made || file.storageKey === undefined) throw new Error(`no file of ${file.size} bytes was made`);
      expect(file.sha256).toBe(checksumOf(made));
      expect(await sha256Of(pathOf(file.storageKey))).toBe(file.sha256);
    }
    const events = await service.database.repositories.events.read(organization, id, {
      after: 0,
      limit: 100,
    });
    expect(events.map(({ fact }) => fact.type)).toContain('recording_stored');
    // The workflow of the audition continues with facts in its trail that it has not made.
    const answer = await platform.post(`/v1/auditions/${id}/cancel`, { reason: 'test' });
    expect([200, 202]).toContain(answer.status);
    await platform.until(id, ({ state }) => state === 'closed', 30_000);
    await worker.stop();
  }, 120_000);

  it(
    `stores a file of ${largeSize / megabyte} MB once when ${kills} workers are killed during the transfer`,
    async () => {
      let worker = await service.startWorker();
      const { id, meetingId } = await scheduled();
      const [file] = service.sandbox.control.recordMeeting(meetingId, {
        files: [{ type: 'MP4', size: largeSize }],
        bytesPerSecond,
      }).files;
      if (!file) throw new Error('no file was made');
      await service.sandbox.control.sendMeetingEvent(meetingId, { event: 'recording.completed' });
      const folderOf = async () => {
        const [recording] = await recordingsOf(id);
        return pathOf(`${organization}/${id}/${recording?.id ?? 'none'}`);
      };
      const partialSize = async (): Promise<number> => {
        const folder = await folderOf();
        const names = await readdir(folder).catch(() => []);
        const [partial] = names.filter((name) => name.endsWith('.part'));
        return partial === undefined ? 0 : (await stat(join(folder, partial))).size;
      };
      let before = 0;
      for (let kill = 0; kill < kills; kill += 1) {
        await eventually(async () => (await partialSize()) > before, 90_000);
        await pause(1_000);
        await worker.kill();
        const size = await partialSize();
        // Each attempt continues where the killed one has stopped.
        expect(size).toBeGreaterThan(before);
        expect(size).toBeLessThan(largeSize);
        before = size;
        worker = await service.startWorker();
      }
      const recording = await storedRecording(id, 120_000 + largeSize / 10_000);
      const [stored] = recording.files;
      expect(stored).toMatchObject({ state: 'stored', size: largeSize, sha256: checksumOf(file) });
      expect(await sha256Of(pathOf(stored?.storageKey ?? ''))).toBe(checksumOf(file));
      expect(await readdir(await folderOf())).toHaveLength(1);
      const handle = service.temporal.workflow.getHandle(recordingWorkflowId(id, 'zoom', meetingId));
      expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 1 });
      await worker.stop();
    },
    300_000 + largeSize / 2_000,
  );
});
