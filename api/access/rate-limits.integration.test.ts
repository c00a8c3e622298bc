/** Tests rate limits, load shedding and security headers. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { apiConfiguration, createTestApi } from '../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { loadLimits, rejectOverloaded } from './load-shedding.ts';
import { rateLimits } from './rate-limits.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setUp = async (limits: Partial<ApiDependencies['limits']>, more: Partial<ApiDependencies> = {}) => {
  const test = await createTestApi(database, {
    limits: { ...rateLimits, ...loadLimits, ...limits },
    ...more,
  });
  onTestFinished(() => test.api.close());
  return test;
};

const two = { max: 2, windowMs: 60_000 };

describe('a link of a page', () => {
  it('has a limit for all clients together, and none of another link', async () => {
    const { call } = await setUp(
      { link: two },
      {
        configuration: { ...apiConfiguration, trustedProxies: ['127.0.0.0/8'] },
      },
    );
    const open = async (path: string, client: number) =>
      (await call('GET', path, { headers: { 'x-forwarded-for': `192.0.2.${client}` } })).status;
    const statuses = [];
    for (let client = 1; client <= 3; client += 1) statuses.push(await open('/r/published-link', client));
    expect(statuses).toEqual([404, 404, 429]);
    expect(await open('/respond/published-link', 4)).toBe(429);
    expect(await open('/r/another-link', 4)).toBe(404);
  });
});

describe('a caller', () => {
  it('above its rate limit gets 429 with Retry-After', async () => {
    const { call, keyFor } = await setUp({ read: two });
    const key = await keyFor('backend');
    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push(await call('GET', '/v1/auditions', { key }));

    expect(answers.map(({ status, headers }) => [status, headers['ratelimit-remaining']])).toEqual([
      [200, '1'],
      [200, '0'],
      [429, '0'],
    ]);
    expect(answers[2]?.body).toMatchObject({ code: 'too_many_requests' });
    expect(Number(answers[2]?.headers['retry-after'])).toBeGreaterThan(0);
    expect(answers[0]?.headers['ratelimit-limit']).toBe('2');
  });

  it('has limits of its own, with separate limits for reads and commands', async () => {
    const { call, keyFor } = await setUp({ read: two });
    const key = await keyFor('backend');
    for (let count = 0; count < 3; count += 1) await call('GET', '/v1/auditions', { key });

    expect((await call('GET', '/v1/auditions', { key: await keyFor('operator') })).status).toBe(200);
    expect((await call('GET', '/v1/auditions', { key: await keyFor('backend', 'org_south') })).status).toBe(
      200,
    );
    expect((await call('POST', '/v1/availability', { key, body: {} })).status).toBe(400);
  });

  it('that sends too many wrong keys gets 429 for them, and its valid key is accepted', async () => {
    const { call, keyFor } = await setUp({ wrong_credentials: two });
    const valid = await keyFor('backend');
    const statuses = [];
    for (const key of ['wrong-1', 'wrong-2', 'wrong-3', valid, 'wrong-4', valid]) {
      statuses.push((await call('GET', '/v1/auditions', { key })).status);
    }
    expect(statuses).toEqual([401, 401, 429, 200, 429, 200]);
  });

  it('is not kept waiting by thousands of wrong keys from its address', async () => {
    const { call, keyFor } = await setUp({ wrong_credentials: two });
    const valid = await keyFor('backend');
    for (const key of [valid, 'wrong-a', 'wrong-b', 'wrong-c']) await call('GET', '/v1/auditions', { key });
    const wrong = Array.from({ length: 3_000 }, (_, n) =>
      call('GET', '/v1/auditions', { key: `wrong-${n}` }),
    );
    const { status } = await call('GET', '/v1/auditions', { key: valid });
    const statuses = (await Promise.all(wrong)).map((answer) => answer.status);
    expect(status).toBe(200);
    expect(new Set(statuses)).toEqual(new Set([429]));
  });

  it('is accepted at its first request amid thousands of wrong keys from its address', async () => {
    const { call, keyFor } = await setUp({ wrong_credentials: two });
    const valid = await keyFor('operator', 'org_newcomer');
    for (const key of ['wrong-a', 'wrong-b', 'wrong-c']) await call('GET', '/v1/auditions', { key });
    const wrong = Array.from({ length: 3_000 }, (_, n) =>
      call('GET', '/v1/auditions', { key: n % 3 === 0 ? 'always-the-same' : `wrong-${n}` }),
    );
    const { status } = await call('GET', '/v1/auditions', { key: valid });
    const statuses = (await Promise.all(wrong)).map((answer) => answer.status);
    expect(status).toBe(200);
    expect(new Set(statuses)).toEqual(new Set([429]));
  });

  it('without a key gets 401, however often it calls', async () => {
    const { call } = await setUp({ wrong_credentials: two });
    const statuses = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await call('GET', '/v1/auditions')).status);
    expect(statuses).toEqual([401, 401, 401, 401]);
  });
});

describe('a public page', () => {
  it('is limited per client address', async () => {
    const { api } = await setUp({ page: two });
    const ask = async (remoteAddress: string) =>
      (await api.inject({ url: '/respond/a.b', remoteAddress })).statusCode;
    expect([await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.1')]).toEqual([404, 404, 429]);
    expect(await ask('192.0.2.2')).toBe(404);
  });

  it.each([
    [['10.0.0.0/8'], 404, 'the address that a trusted proxy names'],
    [[], 429, 'the address of the connection, because no proxy is trusted'],
  ])('with the trusted proxies %j returns %i and counts %s', async (trustedProxies, expected) => {
    const { api } = await setUp(
      { page: { max: 1, windowMs: 60_000 } },
      { configuration: { ...apiConfiguration, trustedProxies } },
    );
    const ask = async (client: string) =>
      (
        await api.inject({
          url: '/respond/a.b',
          remoteAddress: '10.0.0.1',
          headers: { 'x-forwarded-for': client },
        })
      ).statusCode;
    await ask('192.0.2.1');
    expect(await ask('192.0.2.2')).toBe(expected);
  });
});

it('a client with a forged X-Forwarded-For is counted by the address that the trusted proxy saw', async () => {
  const { api } = await setUp(
    { page: { max: 1, windowMs: 60_000 } },
    { configuration: { ...apiConfiguration, trustedProxies: ['10.0.0.0/8'] } },
  );
  const ask = async (claimed: string) =>
    (
      await api.inject({
        url: '/respond/a.b',
        remoteAddress: '10.0.0.1',
        headers: { 'x-forwarded-for': `${claimed}, 192.0.2.1` },
      })
    ).statusCode;
  expect([await ask('198.51.100.1'), await ask('198.51.100.2')]).toEqual([404, 429]);
});

it.each([
  ['192.0.2.1:50001', '192.0.2.1:50002'],
  ['[2001:db8::1]:50001', '[2001:db8::1]:50002'],
])('a client whose proxy writes ports (%s, %s) is one client', async (first, second) => {
  const { api } = await setUp(
    { page: { max: 1, windowMs: 60_000 } },
    { configuration: { ...apiConfiguration, trustedProxies: ['10.0.0.0/8'] } },
  );
  const ask = async (client: string) =>
    (
      await api.inject({
        url: '/respond/a.b',
        remoteAddress: '10.0.0.1',
        headers: { 'x-forwarded-for': client },
      })
    ).statusCode;
  expect([await ask(first), await ask(second)]).toEqual([404, 429]);
});

it('all addresses of an IPv6 /64 network count as one client', async () => {
  const { api } = await setUp({ page: { max: 1, windowMs: 60_000 } });
  const ask = async (remoteAddress: string) =>
    (await api.inject({ url: '/respond/a.b', remoteAddress })).statusCode;
  expect([await ask('2001:db8:1:1::1'), await ask('2001:db8:1:1:ffff::2')]).toEqual([404, 429]);
  expect(await ask('2001:db8:1:2::1')).toBe(404);
});

describe('the rate limit does not apply', () => {
  const nothing = { max: 0, windowMs: 60_000 };
  it.each(['/healthz', '/readyz', '/metrics', '/health/integrations/zoom'])('to %s', async (url) => {
    const { call } = await setUp({ page: nothing, read: nothing });
    expect((await call('GET', url)).status).toBe(200);
  });

  it('to webhooks', async () => {
    const { call } = await setUp({ page: nothing, command: nothing });
    expect((await call('POST', '/v1/webhooks/twilio', { body: {} })).status).not.toBe(429);
  });
});

describe('under overload', () => {
  it.each([
    [
      'too many queries wait for the database',
      {},
      { waitingQueryCount: () => loadLimits.maxWaitingForDatabase + 1 },
    ],
    ['memory is low', { maxHeapShare: 1e-9 }, {}],
    ['the event loop is late', { maxEventLoopDelayMs: 1e-9 }, {}],
  ])('because %s, requests get 503 and health checks are served', async (_case, limits, more) => {
    const { call, keyFor } = await setUp({ sampleMs: 100, ...limits }, more);
    const key = await keyFor('backend');
    const answers: Awaited<ReturnType<typeof call>>[] = [];
    const ask = async () => {
      const answer = await call('GET', '/v1/auditions', { key });
      answers.push(answer);
      return answer.status;
    };
    // Memory and event loop delay are sampled periodically.
    await expect.poll(ask, { timeout: 10_000 }).toBe(503);
    const { body, headers = {} } = answers.at(-1) ?? {};
    expect(body).toMatchObject({ code: 'overloaded' });
    expect(headers['retry-after']).toBe('5');
    for (const url of ['/healthz', '/readyz', '/metrics', '/health/integrations']) {
      expect((await call('GET', url)).status).toBe(200);
    }
  });

  it('one task that blocked the event loop causes no rejection', () => {
    expect(() => rejectOverloaded('/v1/auditions', Number.POSITIVE_INFINITY)).not.toThrow();
    expect(() => rejectOverloaded('/v1/auditions', 1_500)).toThrow(/overloaded/);
  });
});

it('the API closes connections of clients that send a request too slowly', async () => {
  const { api } = await setUp({});
  expect([api.server.headersTimeout, api.server.requestTimeout]).toEqual([15_000, 30_000]);
  // Longer than load balancers keep idle connections; otherwise they send into a closed connection.
  expect(api.server.keepAliveTimeout).toBeGreaterThan(60_000);
});

describe('security headers', () => {
  it('forbid caching, framing and content sniffing', async () => {
    const { call, keyFor } = await setUp({});
    for (const url of ['/v1/auditions', '/respond/a.b', '/healthz', '/nothing']) {
      const { headers } = await call('GET', url, { key: await keyFor('backend') });
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
        'strict-transport-security': expect.stringContaining('max-age='),
      });
    }
  });

  it('require TLS only when the public URL is https', async () => {
    const configuration = { ...apiConfiguration, publicUrl: 'http://127.0.0.1:3000' };
    const { call } = await setUp({}, { configuration });
    expect((await call('GET', '/healthz')).headers).not.toHaveProperty('strict-transport-security');
  });
});
