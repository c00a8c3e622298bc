/** Tests health, readiness and metrics. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { createTestApi } from '../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const answers = async () => {};
const fails = () => Promise.reject(new Error('away'));

const zoomOutage = async () => {
  const fault = { kind: 'outage', effect: 'none' } as const;
  throw new ProviderError('zoom', 'health', fault, { message: 'secret' });
};

it('/healthz reports ok while the database and Temporal are unavailable', async () => {
  const { call } = await createTestApi(database, { checks: { database: fails, temporal: fails } });
  expect(await call('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
});

it.each([
  [answers, answers, 200, { status: 'ready', database: 'up', temporal: 'up' }],
  [fails, answers, 503, { status: 'not_ready', database: 'down', temporal: 'up' }],
  [answers, fails, 503, { status: 'not_ready', database: 'up', temporal: 'down' }],
])(
  '/readyz reports ready only when the database and Temporal respond',
  async (databaseCheck, temporal, status, body) => {
    const { call } = await createTestApi(database, { checks: { database: databaseCheck, temporal } });
    expect(await call('GET', '/readyz')).toMatchObject({ status, body });
  },
);

it('/readyz reports draining during shutdown, while other requests are served', async () => {
  const { call, keyFor } = await createTestApi(database, { isDraining: () => true });
  expect(await call('GET', '/readyz')).toMatchObject({
    status: 503,
    body: { status: 'draining', database: 'up', temporal: 'up' },
  });
  expect((await call('GET', '/v1/auditions', { key: await keyFor('backend') })).status).toBe(200);
});

it('/health/integrations reports which provider is down and why, without the text of the vendor', async () => {
  const { call } = await createTestApi(database, {
    integrations: { google: answers, zoom: zoomOutage, twilio: answers, smtp: answers },
  });
  const { body, text } = await call('GET', '/health/integrations');
  expect(body).toMatchObject({
    integrations: [
      {
        provider: 'google',
        status: 'up',
        summary: expect.stringContaining('Google responds and accepts our credentials.'),
      },
      {
        provider: 'zoom',
        status: 'down',
        fault: 'outage',
        summary: expect.stringContaining('Zoom does not respond correctly (outage).'),
        whatToDo: expect.stringContaining('https://www.zoomstatus.com/'),
      },
      { provider: 'twilio', status: 'up' },
      { provider: 'smtp', status: 'up' },
      { provider: 'microsoft', status: 'up' },
      { provider: 'apple', status: 'up', whatToDo: 'Nothing.' },
      { provider: 'ics', status: 'up', whatToDo: 'Nothing.' },
      { provider: 'storage', status: 'up', whatToDo: 'Nothing.' },
    ],
  });
  expect(text).not.toContain('secret');
  expect((await call('GET', '/health/integrations/zoom')).status).toBe(503);
  expect((await call('GET', '/health/integrations/google')).status).toBe(200);
});

it('/health/integrations reports the records of the workers, without accounts and organizations', async () => {
  const { providerHealth, quotas } = database.repositories;
  const at = Date.parse('2026-11-24T09:00:00.000Z');
  await providerHealth.record({
    provider: 'zoom',
    group: 'meetings',
    process: 'worker@host:1',
    circuit: 'open',
    opensAgainAt: '2026-11-24T09:00:20.000Z',
    lastSuccessAt: '2026-11-24T08:58:00.000Z',
    lastFailureAt: '2026-11-24T08:59:57.000Z',
    lastFailure: 'outage (503)',
  });
  const day = 86_400_000;
  const startMs = Math.floor(at / day) * day;
  await quotas.reserve({
    provider: 'zoom',
    quota: 'zoom.meeting_writes_per_day',
    account: 'casting@office.example',
    organization: 'org_1',
    window: { startMs, endMs: startMs + day },
    count: 81,
    limit: 100,
    organizationLimit: 100,
    previousWindowWeight: 0,
  });
  const { call } = await createTestApi(database, {
    quotas: [
      {
        provider: 'zoom',
        name: 'zoom.meeting_writes_per_day',
        limit: 100,
        description: '100 meetings made or moved a day',
      },
    ],
  });
  const { status, body, text } = await call('GET', '/health/integrations/zoom');
  expect(status).toBe(503);
  expect(body).toMatchObject({
    status: 'down',
    summary:
      'Zoom responds and accepts our credentials. The circuit breaker holds calls for meetings back after several consecutive failures, until 2026-11-24 09:00:20 UTC at the earliest; then one call probes the provider. A call last succeeded 2 minutes ago. The last one failed 3 seconds ago: outage (503). Of 100 meetings made or moved a day, 81 are used.',
    whatToDo: expect.stringMatching(/^Check https:\/\/www\.zoomstatus\.com\/\. Waiting work resumes/),
    facts: {
      circuit: 'open',
      heldBack: [{ group: 'meetings', circuit: 'open', opensAgainAt: '2026-11-24T09:00:20.000Z' }],
      quotas: [{ quota: 'zoom.meeting_writes_per_day', limit: 100, used: 81 }],
    },
  });
  expect(text).not.toMatch(/office\.example|org_1|host:1/);
});

const unavailable = () => Promise.reject(new Error('unavailable'));

it('/health/integrations responds without records while the database is unavailable', async () => {
  const repositories = {
    ...database.repositories,
    providerHealth: { ...database.repositories.providerHealth, facts: unavailable },
  };
  const { call } = await createTestApi(database, { repositories });
  const { status, body } = await call('GET', '/health/integrations/twilio');
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: 'up', summary: expect.stringContaining('could not be read') });
  expect(body).not.toHaveProperty('facts');
});

it('/health/integrations calls a provider once for simultaneous requests', async () => {
  let callCount = 0;
  const google = async () => {
    callCount += 1;
  };
  const { call } = await createTestApi(database, {
    integrations: { google, zoom: answers, twilio: answers, smtp: answers },
  });
  await Promise.all(Array.from({ length: 5 }, () => call('GET', '/health/integrations/google')));
  expect(callCount).toBe(1);
});

it('/metrics counts requests by route pattern, never by URL', async () => {
  const { call, keyFor } = await createTestApi(database);
  await call('GET', '/v1/auditions/aud_of_somebody', { key: await keyFor('backend') });
  const { text, headers } = await call('GET', '/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain/);
  expect(text).toMatch(
    /castmatch_http_request_duration_seconds_count\{method="GET",route="\/v1\/auditions\/:id",status="404"\} 1/,
  );
  expect(text).not.toContain('aud_of_somebody');
});

it('/metrics has one label for unusual methods', async () => {
  const { api, call } = await createTestApi(database);
  for (const method of ['PROPFIND', 'SEARCH', 'TRACE']) await api.inject({ method, url: '/healthz' });
  const { text } = await call('GET', '/metrics');
  expect(text).toContain('method="other",route="unmatched"');
  expect(text).not.toMatch(/PROPFIND|SEARCH|TRACE/);
});

it('/metrics and /openapi.json stay cheap for a client that sends requests and reads no answer', async () => {
  const { api } = await createTestApi(database);
  const { port, hostname } = new URL(await api.listen({ port: 0, host: '127.0.0.1' }));
  for (const path of ['/metrics', '/openapi.json']) await fetch(`http://${hostname}:${port}${path}`);
  const before = process.memoryUsage().rss;
  const sockets = await Promise.all(
    ['/metrics', '/openapi.json'].map(async (path) => {
      const socket = connect(Number(port), hostname).pause();
      await once(socket, 'connect');
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(2_000));
      return socket;
    }),
  );
  await pause(500);
  expect((await fetch(`http://${hostname}:${port}/healthz`)).status).toBe(200);
  // 2,000 answers of each were 744 MB.
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(150);
  for (const socket of sockets) socket.destroy();
  await api.close();
});
