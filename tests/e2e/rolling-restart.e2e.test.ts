/**
 * Restarts workers with SIGTERM, one after the other, while auditions are scheduled. A restart must not lose a task: a
 * lost workflow task is repeated after 10 s, a lost activity after its start-to-close timeout.
 *
 * `npm run test:deep` restarts ten workers under a higher load.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditionId } from '../../domain/ids.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import { createApiClient, day, requestBody } from '../harness/api-client.ts';
import { atDepth } from '../harness/depth.ts';
import { eventually } from '../harness/eventually.ts';
import { pendingWorkOf } from '../harness/pending-work.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';
import { endedTasksIn } from '../harness/task-durations.ts';

const restarts = 10;
const inFlight = 12;
/** Shorter than the shortest timeout after which a lost task is repeated. */
const longestTaskMs = 9_000;
/**
 * A task counts when it was scheduled while a worker stopped, or this long before. On an overloaded machine, an activity
 * can time out without any restart.
 */
const marginMs = 1_000;

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

/** Keeps `inFlight` auditions in the scheduling phase until `stop`, which returns the ids of all auditions. */
const scheduleContinuously = (): { stop(): Promise<readonly AuditionId[]> } => {
  const platform = createApiClient(service);
  const stopped = new AbortController();
  const ids: AuditionId[] = [];
  let requested = 0;
  const schedule = async () => {
    while (!stopped.signal.aborted) {
      requested += 1;
      const { id } = await platform.request(requestBody(requested, 3 * day + requested * 3_600_000));
      ids.push(id);
      await platform.until(id, ({ state }) => state === 'scheduled');
    }
  };
  const scheduling = Promise.all(Array.from({ length: inFlight }, schedule));
  return {
    stop: async () => {
      stopped.abort();
      await scheduling;
      return ids;
    },
  };
};

// Only in deep runs: on a machine that other tests load, Temporal times tasks out that no stop has caused.
it.skipIf(atDepth(true, false))(
  `${restarts} rolling restarts lose no task`,
  async () => {
    const workers = [await service.startWorker(), await service.startWorker()];
    const load = scheduleContinuously();
    const stops: { readonly from: number; readonly until: number }[] = [];
    for (let n = 0; n < restarts; n += 1) {
      workers.push(await service.startWorker());
      await pause(500);
      const from = Date.now();
      await workers.shift()?.stop();
      stops.push({ from, until: Date.now() });
    }
    const ids = await load.stop();
    const tasks = await Promise.all(
      ids.map(async (id) => {
        const handle = service.temporal.workflow.getHandle(auditionWorkflowId(id));
        // A history shows an activity only when it has ended.
        await eventually(async () => (await pendingWorkOf(handle)).kind === 'nothing', 60_000);
        const { events } = await handle.fetchHistory();
        return endedTasksIn(events ?? []);
      }),
    );
    const scheduledDuringStop = tasks
      .flat()
      .filter(({ scheduledAt: at }) => stops.some(({ from, until }) => at > from - marginMs && at < until));
    expect(scheduledDuringStop.filter(({ loss }) => loss !== undefined)).toEqual([]);
    expect(Math.max(...scheduledDuringStop.map(({ durationMs }) => durationMs))).toBeLessThan(longestTaskMs);
    expect(scheduledDuringStop.length).toBeGreaterThan(restarts * inFlight);
    expect(ids.length).toBeGreaterThan(restarts * inFlight);
  },
  120_000 + restarts * 30_000,
);
