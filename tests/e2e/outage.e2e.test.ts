/**
 * Tests a temporary outage of providers. All pending work must be completed afterwards without an operator, and the
 * providers must not be flooded. The outage here is short;
 * `providers/resilience/resilient-providers.integration.test.ts` simulates ten minutes with a fake clock.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { requestedAuditionId } from '../../api/auditions/derived-ids.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { type ApiClient, createApiClient, day, noticesEachTime, requestBody } from '../harness/api-client.ts';
import { duplicatesIn, expectedProviderState, providerState } from '../harness/consistency.ts';
import { eventually } from '../harness/eventually.ts';
import { keys, organization, type ServiceUnderTest, startService } from '../harness/service.ts';

let service: ServiceUnderTest;
let platform: ApiClient;
beforeAll(async () => {
  service = await startService();
  platform = createApiClient(service);
  await service.startWorker();
});
afterEach(() => service.sandbox.control.clearFaults());
afterAll(() => service.close());

/** Returns a request with the default policy: its deadlines are not shortened. */
const next = (() => {
  let used = 0;
  return () => requestBody((used += 1), (10 + used) * day);
})();

/** Removes the calendars, so that the first provider call creates the meeting. */
const withoutCalendars = (body: ReturnType<typeof requestBody>) => ({
  ...body,
  participants: body.participants.map((participant) =>
    Object.fromEntries(Object.entries(participant).filter(([name]) => name !== 'calendar')),
  ),
});

type Vendor = 'google' | 'zoom';

const callsAt = (vendor: Vendor, operations: RegExp = /./): number =>
  Object.entries(service.sandbox.control.state().calls[vendor])
    .filter(([operation]) => operations.test(operation))
    .flatMap(([, outcomes]) => Object.values(outcomes))
    .reduce((sum, count) => sum + count, 0);

const untilCircuitIs = (state: string, ...vendors: readonly Vendor[]) =>
  eventually(async () => {
    const facts = await Promise.all(
      vendors.map((vendor) =>
        service.database.repositories.providerHealth.facts(vendor, toInstant(Date.now())),
      ),
    );
    return facts.every(({ circuit }) => circuit === state);
  }, 30_000);

const request = async (body: object, idempotencyKey: string = crypto.randomUUID()): Promise<string> => {
  const answer = await platform.post('/v1/auditions', body, { idempotencyKey });
  expect([201, 202]).toContain(answer.status);
  return z.object({ id: z.string() }).parse(answer.body).id;
};

const scheduled = ({ state, notices }: AuditionView) =>
  state === 'scheduled' && notices.length === noticesEachTime;

/** Waits until the API knows each audition, which can be before its request is answered. */
const untilKnown = (ids: readonly string[]) => {
  const statusesOf = async () =>
    Object.fromEntries(
      await Promise.all(
        ids.map(async (id) => [id, (await platform.get(`/v1/auditions/${id}`)).status] as const),
      ),
    );
  return eventually(
    async () => Object.values(await statusesOf()).every((status) => status === 200),
    60_000,
    async () => JSON.stringify(await statusesOf(), null, 2),
  );
};

const allAttentionItems = async (): Promise<readonly unknown[]> => {
  const { rows } = await service.database.pool.query('SELECT * FROM attention_items');
  return rows;
};

describe('provider outage', () => {
  it('of Zoom and Google delays auditions, which are then scheduled without an operator or a burst of calls', async () => {
    const { control } = service.sandbox;
    control.setFault('zoom', { kind: 'outage' });
    control.setFault('google', { kind: 'outage' });
    const wanted = Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? next() : withoutCalendars(next())));
    const auditions = wanted.map((body) => {
      const idempotencyKey = crypto.randomUUID();
      return { body, idempotencyKey, id: requestedAuditionId(organization, idempotencyKey) };
    });
    const requests = Promise.all(auditions.map(({ body, idempotencyKey }) => request(body, idempotencyKey)));
    await untilCircuitIs('open', 'zoom', 'google');
    await untilKnown(auditions.map(({ id }) => id));
    for (const { id } of auditions) {
      expect(await platform.get(`/v1/auditions/${id}`)).toMatchObject({ status: 200, body: { id } });
      expect(await platform.get(`/v1/auditions/${id}`, keys.stranger)).toMatchObject({ status: 404 });
    }
    const before = { zoom: callsAt('zoom'), google: callsAt('google') };
    // Long enough for several attempts by each activity, if activities retried independently.
    await pause(12_000);
    // The circuit breaker allows one probe after 1, 2, 5 and 10 seconds; each may also request a token.
    expect(callsAt('zoom') - before.zoom).toBeLessThanOrEqual(10);
    expect(callsAt('google') - before.google).toBeLessThanOrEqual(10);

    control.clearFaults();
    const ids = await requests;
    expect(ids).toEqual(auditions.map(({ id }) => id));
    const views = await Promise.all(ids.map((id) => platform.until(id, scheduled)));
    expect(await allAttentionItems()).toEqual([]);
    await untilCircuitIs('closed', 'zoom', 'google');
    const { emails, ...outside } = await providerState(service);
    const { emails: notified, ...expected } = expectedProviderState(views);
    expect({ ...outside, texts: outside.texts.length }).toEqual(expected);
    expect([emails.length, duplicatesIn(emails)]).toEqual([notified, []]);
  });

  it('of Zoom that opened the circuit makes a new audition use Google without another call to Zoom', async () => {
    const { control } = service.sandbox;
    // Zoom sends Retry-After: 120, so that no probe is sent during this test.
    control.setFault('zoom', { kind: 'outage', retryAfterSeconds: 120 });
    const earlier = await Promise.all(Array.from({ length: 6 }, () => request(withoutCalendars(next()))));
    await untilCircuitIs('open', 'zoom');
    await Promise.all(earlier.map((id) => platform.until(id, scheduled)));
    const calls = callsAt('zoom');

    const { meeting } = await platform.until(await request(withoutCalendars(next())), scheduled);
    expect(meeting?.provider).toBe('google_meet');
    expect(callsAt('zoom')).toBe(calls);
    expect(await allAttentionItems()).toEqual([]);
  });
});
