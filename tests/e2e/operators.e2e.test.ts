/**
 * Operators reset, terminate and cancel workflows in Temporal at random, in the middle of the lives of auditions. Others
 * do what the runbooks say. Afterwards API, database, Temporal and vendors must agree.
 *
 * `npm run test:deep` plays 80 auditions.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { untilSourcesAgree } from '../harness/agreement.ts';
import { createApiClient } from '../harness/api-client.ts';
import { playLife } from '../harness/audition-life.ts';
import { atDepth, seededRandom } from '../harness/depth.ts';
import { interfere, interventions, reconcile, resolveOpenItems, runOps } from '../harness/operators.ts';
import { createPatientBackend } from '../harness/patient-backend.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

const auditions = atDepth(12, 80);
const inFlight = atDepth(6, 12);
const random = seededRandom();

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
  await service.startWorker();
});
afterAll(() => service.close());

const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];

it(
  `four sources agree after operators have interfered in ${auditions} auditions`,
  async () => {
    const platform = createApiClient(service);
    const backend = createPatientBackend(service.url);
    const started: string[] = [];
    const done = new AbortController();
    const made: string[] = [];

    const interfereAtRandom = async () => {
      while (!done.signal.aborted) {
        await pause(200 + random() * 900);
        // Half of the interventions hit one of the latest auditions, which are being scheduled.
        const id = pick(random() < 0.5 ? started.slice(-inFlight) : started);
        const intervention = pick(interventions);
        if (!id || !intervention) continue;
        if (await interfere(service.temporal, `audition/${id}`, intervention, random))
          made.push(`${intervention} ${id}`);
      }
    };
    const followRunbooks = async () => {
      while (!done.signal.aborted) {
        await pause(1_000 + random() * 3_000);
        await resolveOpenItems(platform, random);
        const id = pick(started);
        if (random() < 0.6) await reconcile(service);
        // The command refuses an audition whose workflow runs normally.
        else if (id) await runOps(service, ['auditions', 'undo', id, '--wait', '30']);
      }
    };
    const disturbers = [interfereAtRandom(), followRunbooks()];
    let next = 0;
    const play = async () => {
      while (next < auditions) {
        const n = (next += 1);
        await playLife({
          backend,
          random,
          n,
          paceMs: 3_000,
          isDisturbed: true,
          onStarted: (id) => started.push(id),
        });
      }
    };
    await Promise.all(Array.from({ length: inFlight }, play));
    done.abort();
    await Promise.all(disturbers);

    let calm = 0;
    for (let round = 0; round < 40 && calm < 2; round += 1) {
      const { findings, failed } = await reconcile(service);
      const open = await resolveOpenItems(platform, random);
      calm = findings.length + failed.length + open === 0 ? calm + 1 : 0;
      await pause(1_000);
    }
    await untilSourcesAgree({ ...service, platform }, 60_000);
    expect(made.length).toBeGreaterThan(auditions / 3);
    expect(backend.surprises).toEqual([]);
  },
  240_000 + auditions * 10_000,
);
