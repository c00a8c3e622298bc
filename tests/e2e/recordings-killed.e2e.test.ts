/**
 * Kills workers with SIGKILL while they transfer a large recording, into a directory and into a real S3 server.
 * `npm run test:deep` transfers 1 GB.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordingWorkflowId } from '../../domain/workflow-ids.ts';
import { createApiClient, day, requestBody } from '../harness/api-client.ts';
import { atDepth } from '../harness/depth.ts';
import { eventually } from '../harness/eventually.ts';
import {
  createInspectedDirectory,
  type InspectedStorage,
  startInspectedBucket,
} from '../harness/inspected-storage.ts';
import { checksumOf } from '../harness/recording-harness.ts';
import { hasS3Server } from '../harness/s3-server.ts';
import { organization, type ServiceUnderTest, startService } from '../harness/service.ts';

const megabyte = 1_000_000;
const size = atDepth(120, 1_000) * megabyte;
/** Slow enough that each worker is killed before it has transferred the rest. */
const bytesPerSecond = atDepth(15, 60) * megabyte;
const killsDuringTransfer = atDepth(2, 4);
const isKilledAfterTransfer = atDepth(false, true);
/** Milliseconds. Temporal starts the next attempt 20 s after a kill, and a busy machine transfers slowly. */
const patienceMs = 90_000;

const storages = [
  { name: 'a directory', isThere: true, start: createInspectedDirectory },
  { name: 'S3', isThere: hasS3Server, start: startInspectedBucket },
];

// Simultaneously: both mostly wait for the attempt after a kill.
describe.concurrent.each(storages)('a recording that is stored in $name', ({ isThere, start }) => {
  let storage: InspectedStorage;
  let service: ServiceUnderTest;
  beforeAll(async () => {
    if (!isThere) return;
    storage = await start();
    service = await startService({ env: storage.env });
  });
  afterAll(async () => {
    await service?.close();
    await storage?.close();
  });

  it.skipIf(!isThere)(
    `has all of its ${size / megabyte} MB once when ${killsDuringTransfer} workers are killed during its transfer`,
    async () => {
      let worker = await service.startWorker();
      const platform = createApiClient(service);
      const { id } = await platform.request(requestBody(1, 3 * day));
      const view = await platform.until(id, ({ state, meeting }) => state === 'scheduled' && !!meeting);
      const meetingId = view.meeting?.id ?? '';
      const [file] = service.sandbox.control.recordMeeting(meetingId, {
        files: [{ type: 'MP4', size }],
        bytesPerSecond,
      }).files;
      if (!file) throw new Error('no file was made');
      await service.sandbox.control.sendMeetingEvent(meetingId, { event: 'recording.completed' });
      const recording = async () => {
        const [first] = await service.database.repositories.recordings.ofAudition(organization, id);
        return first;
      };
      const restart = async () => {
        await worker.kill();
        worker = await service.startWorker();
      };
      const incompleteBytes = async (): Promise<number> => {
        const { files, incomplete } = await storage.contents();
        expect(files).toEqual([]);
        expect(incomplete.length).toBeLessThanOrEqual(1);
        return incomplete[0] ?? 0;
      };

      let before = 0;
      for (let kill = 0; kill < killsDuringTransfer; kill += 1) {
        await eventually(async () => (await incompleteBytes()) > before, patienceMs);
        await pause(1_000);
        await restart();
        const stored = await incompleteBytes();
        // Each attempt continues where the killed one has stopped.
        expect(stored).toBeGreaterThan(before);
        expect(stored).toBeLessThan(size);
        before = stored;
      }
      if (isKilledAfterTransfer) {
        // This worker reads the file back for its checksum, or has just reported it.
        await eventually(async () => (await storage.contents()).files.length > 0, patienceMs + size / 10_000);
        await restart();
      }
      await eventually(async () => (await recording())?.state === 'stored', patienceMs + size / 10_000);

      const [stored] = (await recording())?.files ?? [];
      const expected = checksumOf(file);
      expect(stored).toMatchObject({ state: 'stored', size, sha256: expected });
      const key = stored?.storageKey ?? '';
      expect(await storage.contents()).toEqual({ files: [key], incomplete: [] });
      expect(await storage.sha256Of(key)).toBe(expected);
      const handle = service.temporal.workflow.getHandle(recordingWorkflowId(id, 'zoom', meetingId));
      expect(await handle.result()).toMatchObject({ outcome: 'stored', storedFiles: 1 });
      await worker.stop();
    },
    300_000 + size / 2_000,
  );
});
