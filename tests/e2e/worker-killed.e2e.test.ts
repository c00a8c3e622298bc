/**
 * Kills workers with SIGKILL at random moments while auditions are scheduled. Afterwards the providers, the database
 * and the workflows must agree: nothing is lost, duplicated or half-done.
 *
 * `npm run test:deep` schedules 200 auditions.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiClient, createApiClient, day, noticesEachTime, requestBody } from '../harness/api-client.ts';
import { duplicatesIn, expectedProviderState, providerState } from '../harness/consistency.ts';
import { atDepth, seededRandom } from '../harness/depth.ts';
import { eventually } from '../harness/eventually.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

const auditions = atDepth(12, 200);
const leaseMs = 12_000;
const random = seededRandom();

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

/** Kills the worker at random moments and starts another one, until `stop`, which returns the number of kills. */
const killAtRandom = (): { stop(): Promise<number> } => {
  const stopped = new AbortController();
  let kills = 0;
  const killing = (async () => {
    while (!stopped.signal.aborted) {
      const worker = await service.startWorker();
      await pause(300 + random() * 2_500);
      await worker.kill();
      kills += 1;
    }
  })();
  return {
    stop: async () => {
      stopped.abort();
      await killing;
      return kills;
    },
  };
};

/** Repeats the request while the API answers 503 or 429, as the platform does. Returns the final status. */
const requestUntilAccepted = async (platform: ApiClient, body: object): Promise<number> => {
  const idempotencyKey = crypto.randomUUID();
  for (;;) {
    const { status } = await platform.post('/v1/auditions', body, { idempotencyKey });
    if (status !== 503 && status !== 429) return status;
  }
};

it(
  `the service schedules each of ${auditions} auditions once when workers are killed`,
  async () => {
    const platform = createApiClient(service);
    const killer = killAtRandom();
    // The slots differ, because all auditions share the calendars of one performer and one director.
    const requests = Array.from({ length: auditions }, (_, n) => requestBody(n, 3 * day + n * 3_600_000));
    const answers = await Promise.all(requests.map((body) => requestUntilAccepted(platform, body)));
    await pause(auditions * 150);
    const kills = await killer.stop();
    await service.startWorker();

    expect(kills).toBeGreaterThan(1);
    // The next worker records the auditions that a killed worker had accepted.
    await eventually(async () => (await platform.listAuditions()).length === auditions, 4 * leaseMs);
    const list = await platform.listAuditions();
    const views = await Promise.all(
      list.map(({ id }) =>
        platform.until(
          id,
          ({ state, notices }) => state === 'scheduled' && notices.length === noticesEachTime,
          4 * leaseMs + auditions * 2_000,
        ),
      ),
    );
    expect(views).toHaveLength(auditions);
    expect(answers.filter((status) => status !== 201 && status !== 202)).toEqual([]);

    const outside = await providerState(service);
    const expected = expectedProviderState(views);
    expect(duplicatesIn(outside.emails)).toEqual([]);
    expect(duplicatesIn(outside.texts)).toEqual([]);
    expect(outside.meetings).toEqual(expected.meetings);
    expect(outside.events).toEqual(expected.events);
    expect(outside.meetEvents).toBe(expected.meetEvents);
    expect(outside.emails).toHaveLength(expected.emails);
    expect(outside.texts).toHaveLength(expected.texts);
    expect(expected).toMatchObject({ emails: 3 * auditions, texts: auditions });
    expect(expected.meetings.length + expected.meetEvents).toBe(auditions);
  },
  120_000 + auditions * 4_000,
);
