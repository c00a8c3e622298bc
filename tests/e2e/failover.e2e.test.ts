/**
 * Tests failovers of PostgreSQL with a real standby, while auditions are being scheduled. API and worker are not restarted.
 * The standby is synchronous, as it must be for a failover that loses nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { AuditionView } from '../../domain/audition/view.ts';
import { type ApiClient, createApiClient, day, noticesEachTime, requestBody } from '../harness/api-client.ts';
import { duplicatesIn, expectedProviderState, providerState } from '../harness/consistency.ts';
import { atDepth } from '../harness/depth.ts';
import { eventually } from '../harness/eventually.ts';
import { type ServiceUnderTest, startService } from '../harness/service.ts';
import { type StreamingPair, startStreamingPair } from '../harness/streaming-pair.ts';

const setup = async () => {
  const pair = await startStreamingPair();
  onTestFinished(() => pair.close());
  const service = await startService({
    servers: {
      postgres: pair,
      temporal: { address: inject('temporalAddress'), namespace: inject('temporalNamespace') },
      workflowBundle: inject('workflowCode').encrypted.codePath,
    },
  });
  onTestFinished(() => service.close());
  await service.startWorker();
  return { pair, service, platform: createApiClient(service) };
};

const readinessOf = async ({ url }: ServiceUnderTest): Promise<number> =>
  (await fetch(`${url}/readyz`)).status;

const requestId = (body: unknown): string => z.object({ id: z.string() }).parse(body).id;

/** Requests auditions one after another until it is stopped. Repeats each request until it is accepted. */
const requestAuditions = (platform: ApiClient) => {
  const ids: string[] = [];
  const refusals = new Set<number>();
  const stopped = new AbortController();
  const request = async (n: number): Promise<void> => {
    const idempotencyKey = crypto.randomUUID();
    const body = requestBody(n, (10 + n) * day);
    for (;;) {
      const answer = await platform.post('/v1/auditions', body, { idempotencyKey });
      if (answer.status === 201 || answer.status === 202) {
        ids.push(requestId(answer.body));
        return;
      }
      refusals.add(answer.status);
      await pause(500);
    }
  };
  const done = (async () => {
    for (let n = 1; !stopped.signal.aborted; n += 1) await request(n);
  })();
  // `stop` throws it, unless the test has failed before.
  done.catch(() => {});
  return {
    ids,
    refusals,
    stop: async () => {
      stopped.abort();
      await done;
    },
  };
};

const scheduled = ({ state, notices }: AuditionView) =>
  state === 'scheduled' && notices.length === noticesEachTime;

type Failover = (context: {
  readonly pair: StreamingPair;
  readonly service: ServiceUnderTest;
}) => Promise<void>;

const kill: Failover = async ({ pair, service }) => {
  await pair.killPrimary();
  await eventually(async () => (await readinessOf(service)) === 503, 10_000);
  await pair.promoteStandby();
  pair.leadToStandby();
};

const leadToStandbyFirst: Failover = async ({ pair, service }) => {
  await pair.killPrimary();
  pair.leadToStandby();
  // The standby answers every read.
  await pause(3_000);
  expect(await readinessOf(service)).toBe(503);
  await pair.promoteStandby();
};

const switchOver: Failover = async ({ pair, service }) => {
  await pair.makePrimaryReadOnly();
  await eventually(async () => (await readinessOf(service)) === 503, 10_000);
  await pair.promoteStandby();
  pair.leadToStandby();
};

const switchOverUnseen: Failover = async ({ pair }) => {
  await pair.makePrimaryReadOnly();
  await pair.promoteStandby();
  pair.leadToStandby();
};

type Case = readonly [kind: string, failOver: Failover, isLeft: boolean];

/** The last element of each: whether the first primary still runs, so that no connection may be left to it. */
const ordinary: readonly Case[] = [
  ['that leads to the standby before its promotion', leadToStandbyFirst, false],
  ['that is finished before a probe sees the read-only primary', switchOverUnseen, true],
];
const others: readonly Case[] = [
  ['whose primary is killed', kill, false],
  ['whose old primary stays connected and read-only', switchOver, true],
];

describe('a failover of PostgreSQL', () => {
  it.each(atDepth(ordinary, [...ordinary, ...others]))(
    '%s loses and doubles nothing, and needs no restart',
    async (_kind, failOver, isLeft) => {
      const { pair, service, platform } = await setup();
      const requests = requestAuditions(platform);
      await eventually(() => requests.ids.length >= 3, 60_000);

      await failOver({ pair, service });

      await eventually(async () => (await readinessOf(service)) === 200, 15_000);
      const known = requests.ids.length;
      // An activity that failed during the outage is tried again after a minute.
      await eventually(
        () => requests.ids.length >= known + 2,
        150_000,
        () => `refused by ${[...requests.refusals].join()}; ${service.printed().slice(-4_000)}`,
      );
      await requests.stop();
      expect([...requests.refusals].filter((status) => status !== 503)).toEqual([]);

      const views = await Promise.all(requests.ids.map((id) => platform.until(id, scheduled, 180_000)));
      const { emails, ...outside } = await providerState(service);
      const { emails: notified, ...expected } = expectedProviderState(views);
      expect({ ...outside, texts: outside.texts.length }).toEqual(expected);
      expect([emails.length, duplicatesIn(emails)]).toEqual([notified, []]);
      if (isLeft)
        await eventually(
          async () => (await pair.clientsOfPrimary()).length === 0,
          60_000,
          async () => `still connected: ${(await pair.clientsOfPrimary()).join(', ')}`,
        );
    },
    480_000,
  );
});
