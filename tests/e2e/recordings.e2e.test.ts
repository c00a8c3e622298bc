/** Stores the recordings that Zoom reports, with the whole service. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditionId } from '../../domain/ids.ts';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { checksumOf } from '../harness/recording-harness.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';

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
});
