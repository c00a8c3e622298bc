/**
 * Kills and suspends worker, API, PostgreSQL and Temporal at random, with faults of the vendors on top, while auditions
 * are requested, answered, moved, cancelled and decided. Afterwards API, database, Temporal and vendors must agree, and
 * every promise of the API must be kept.
 *
 * `npm run test:deep` plays 60 auditions.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Promised, untilSourcesAgree } from '../harness/agreement.ts';
import { createApiClient } from '../harness/api-client.ts';
import { playLife } from '../harness/audition-life.ts';
import { atDepth, seededRandom } from '../harness/depth.ts';
import type { KillableProcess } from '../harness/killable-process.ts';
import {
  createKillableWorker,
  startKillableApi,
  startKillablePostgres,
  startKillableTemporal,
} from '../harness/killable-servers.ts';
import { reconcile, resolveOpenItems } from '../harness/operators.ts';
import { createPatientBackend } from '../harness/patient-backend.ts';
import { noteProgress } from '../harness/progress.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';
import { strikeProcesses, strikeVendors } from '../harness/strikes.ts';

const auditions = atDepth(3, 60);
const inFlight = atDepth(3, 12);
const random = seededRandom();

let postgres: Awaited<ReturnType<typeof startKillablePostgres>>;
let temporal: Awaited<ReturnType<typeof startKillableTemporal>>;
let api: Awaited<ReturnType<typeof startKillableApi>>;
let worker: KillableProcess;
let service: ServiceUnderTest;
beforeAll(async () => {
  [postgres, temporal] = await Promise.all([startKillablePostgres(), startKillableTemporal()]);
  service = await startService({
    servers: { postgres, temporal, workflowBundle: inject('workflowCode').encrypted.codePath },
    startApi: async (env) => {
      api = await startKillableApi(env);
      return api;
    },
  });
  worker = await createKillableWorker(service.env);
  await worker.start();
});
afterAll(async () => {
  await worker.kill();
  await service.close();
  await Promise.all([postgres.close(), temporal.close()]);
});

it(
  `four sources agree about ${auditions} auditions after every process was killed`,
  async () => {
    const platform = createApiClient(service);
    const backend = createPatientBackend(service.url);
    const processes = strikeProcesses(
      [
        { process: worker, everyMs: 14_000, suspendMs: 6_000 },
        { process: api.process, everyMs: 12_000, suspendMs: 4_000 },
        { process: postgres.process, everyMs: 20_000, suspendMs: 8_000 },
        { process: temporal.process, everyMs: 25_000, suspendMs: 8_000 },
      ],
      random,
    );
    const vendors = strikeVendors(service, 5_000, random);
    const promises: Promised[] = [];
    let next = 0;
    const play = async () => {
      while (next < auditions) {
        const n = (next += 1);
        const kept = await playLife({ backend, n, paceMs: 4_000, isDisturbed: false });
        promises.push(...kept);
      }
    };
    const done = new AbortController();
    const tend = () => resolveOpenItems(platform, random);
    const followRunbooks = async () => {
      for (; !done.signal.aborted; await pause(3_000)) {
        // The API may be away. The item waits.
        await tend().catch(() => undefined);
      }
    };
    const following = followRunbooks();
    await Promise.all(Array.from({ length: inFlight }, play));
    done.abort();
    await following;
    const struck = { ...(await processes.stop()), ...(await vendors.stop()) };
    noteProgress(`struck ${JSON.stringify(struck)}`);

    await untilSourcesAgree({ ...service, platform }, 120_000, tend, promises);
    expect((await reconcile(service)).findings).toEqual([]);
    expect(backend.surprises).toEqual([]);
    expect(Object.keys(struck)).toEqual(expect.arrayContaining(['worker']));
  },
  300_000 + auditions * 10_000,
);
