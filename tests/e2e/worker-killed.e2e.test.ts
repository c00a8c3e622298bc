/**
 * Workers are killed with SIGKILL at random moments while auditions are scheduled. Afterwards the providers, the
 * database and the workflows must agree: nothing lost, nothing doubled, nothing half-done.
 *
 * AUDITIONS sets how many; the build tries a few, `AUDITIONS=200` is the soak.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiClient, createApiClient, day, requestBody } from '../harness/api-client.ts';
import { duplicatesIn, expectedProviderState, providerState } from '../harness/consistency.ts';
import { eventually } from '../harness/eventually.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';

const auditions = Number(process.env['AUDITIONS'] ?? 24);
const leaseMs = 12_000;

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

/** Kills the worker at random moments, and starts another each time, until told to stop. */
const killAtRandom = (): { stop(): Promise<number> } => {
  const over = new AbortController();
  let kills = 0;
  const killing = (async () => {
    while (!over.signal.aborted) {
      const worker = await service.startWorker();
      await pause(300 + Math.random() * 2_500);
      await worker.kill();
      kills += 1;
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await killing;
      return kills;
    },
  };
};

/** As the platform does: the same request again, for as long as nobody is there to take it, or it is too much at once. */
const requestUntilAccepted = async (platform: ApiClient, body: object): Promise<number> => {
  const idempotencyKey = crypto.randomUUID();
  for (;;) {
    const { status } = await platform.post('/v1/auditions', body, { idempotencyKey });
    if (status !== 503 && status !== 429) return status;
  }
};

it(
  `${auditions} auditions are scheduled once each, whoever is killed meanwhile`,
  async () => {
    const platform = createApiClient(service);
    const killer = killAtRandom();
    // Each at a time of its own: they share the calendars of one performer and one director.
    const requests = Array.from({ length: auditions }, (_, n) => requestBody(n, 3 * day + n * 3_600_000));
    const answers = await Promise.all(requests.map((body) => requestUntilAccepted(platform, body)));
    await pause(auditions * 150);
    const kills = await killer.stop();
    await service.startWorker();

    expect(kills).toBeGreaterThan(1);
    // What a killed worker had accepted is recorded by the next one.
    await eventually(async () => (await platform.listAuditions()).length === auditions, 4 * leaseMs);
    const list = await platform.listAuditions();
    const views = await Promise.all(
      list.map(({ id }) =>
        platform.until(id, ({ state }) => state === 'scheduled', 4 * leaseMs + auditions * 2_000),
      ),
    );
    expect(views).toHaveLength(auditions);
    expect(answers.filter((status) => status !== 201 && status !== 202)).toEqual([]);

    const outside = await providerState(service);
    const known = expectedProviderState(views);
    expect(duplicatesIn(outside.emails)).toEqual([]);
    expect(duplicatesIn(outside.texts)).toEqual([]);
    expect(outside.meetings).toEqual(known.meetings);
    expect(outside.events).toEqual(known.events);
    expect(outside.meetEvents).toBe(known.meetEvents);
    expect(outside.emails).toHaveLength(known.emails);
    expect(outside.texts).toHaveLength(known.texts);
    expect(known).toMatchObject({ emails: 3 * auditions, texts: auditions });
    expect(known.meetings.length + known.meetEvents).toBe(auditions);
  },
  120_000 + auditions * 4_000,
);
