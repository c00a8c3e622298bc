/**
 * Operators reset, terminate and cancel workflows in Temporal at random, in the middle of the lives of auditions. Others
 * do what the runbooks say. Afterwards API, database, Temporal and vendors must agree.
 *
 * `npm run test:deep` plays 60 auditions.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { untilSourcesAgree } from '../harness/agreement.ts';
import { createApiClient } from '../harness/api-client.ts';
import { playLife } from '../harness/audition-life.ts';
import { atDepth, seededRandom, testSeed } from '../harness/depth.ts';
import { interfere, interventions, reconcile, resolveOpenItems, runOps } from '../harness/operators.ts';
import { createPatientBackend } from '../harness/patient-backend.ts';
import { noteProgress } from '../harness/progress.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';
import { strikeVendors } from '../harness/strikes.ts';

const auditions = atDepth(6, 60);
const inFlight = atDepth(6, 15);
const paceMs = 3_000;
const random = seededRandom();

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
  await service.startWorker();
});
afterAll(() => service.close());

/**
 * Interferes once or twice with an audition, at random moments of its life and soon after it.
 * @param n the number of the audition
 */
const interfereWith = async (id: string, n: number): Promise<readonly string[]> => {
  const random = seededRandom(testSeed + 1_000 * n);
  const made: string[] = [];
  for (let left = random() < 0.4 ? 2 : 1; left > 0; left -= 1) {
    await pause(random() * 4 * paceMs);
    const intervention = interventions[Math.floor(random() * interventions.length)] ?? 'reset';
    if (await interfere(service.temporal, `audition/${id}`, intervention, random)) made.push(intervention);
  }
  return made;
};

it(
  `four sources agree after operators have interfered with ${auditions} auditions`,
  async () => {
    const platform = createApiClient(service);
    const backend = createPatientBackend(service.url);
    const vendors = strikeVendors(service, 4_000, random);
    const done = new AbortController();
    const interfering: Promise<readonly string[]>[] = [];
    const started: string[] = [];

    const followRunbooks = async () => {
      while (!done.signal.aborted) {
        await pause(1_500 + random() * 2_000);
        await resolveOpenItems(platform, random);
        const id = started[Math.floor(random() * started.length)];
        if (random() < 0.6) await reconcile(service);
        // The command refuses an audition whose workflow runs normally.
        else if (id) await runOps(service, ['auditions', 'undo', id, '--wait', '30']);
      }
    };
    const following = followRunbooks();
    let next = 0;
    const play = async () => {
      while (next < auditions) {
        const n = (next += 1);
        const onStarted = (id: string) => {
          started.push(id);
          interfering.push(interfereWith(id, n));
        };
        await playLife({ backend, n, paceMs, isDisturbed: true, onStarted });
      }
    };
    await Promise.all(Array.from({ length: inFlight }, play));
    const made = (await Promise.all(interfering)).flat();
    noteProgress(`interventions: ${made.join(', ')}`);
    done.abort();
    await following;
    await vendors.stop();

    const tend = async () => {
      await reconcile(service);
      await resolveOpenItems(platform, random);
    };
    await untilSourcesAgree({ ...service, platform }, 120_000, tend);
    expect((await reconcile(service)).findings).toEqual([]);
    expect(made.length).toBeGreaterThan(auditions / 2);
    expect(backend.surprises).toEqual([]);
  },
  240_000 + auditions * 10_000,
);
