/** Tests that every error is returned as a problem document. */
import { createHmac, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDatabaseClient } from '../../db/client.ts';
import { createRepositories } from '../../db/index.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createTestApi, masterKeys, type TestApi } from '../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { localDefaults } from '../../tests/harness/local-defaults.ts';

let database: TestDatabase;
let test: TestApi;
let key: string;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  key = await test.keyFor('backend');
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const problem = (code: string, status: number) => ({
  type: `urn:castmatch:problem:${code}`,
  code,
  status,
  title: expect.stringMatching(/\w/),
  detail: expect.stringMatching(/\w/),
  whatToDo: expect.stringMatching(/\w/),
  correlationId: expect.stringMatching(/^[\w.-]+$/),
});

const cursorAt = (at: string) => Buffer.from(JSON.stringify({ at, id: 'aud_1' })).toString('base64url');

/** A request with these headers only. */
const ask = (headers: string): string => `GET /readyz HTTP/1.1\r\n${headers}\r\n`;

describe('an error of the caller', () => {
  it.each([
    ['an unknown address', 'GET', '/v1/nothing', undefined, {}, 'not_found', 404],
    ['a malformed address', 'GET', '/v1/auditions/%E0%A4%A', undefined, {}, 'not_found', 404],
    ['a list with an extra slash', 'GET', '/v1/auditions/?limit=1', undefined, {}, 'not_found', 404],
    ['an address with an extra slash', 'POST', '/v1/auditions/', '{}', {}, 'not_found', 404],
    [
      'an address with an extra slash after an ID',
      'POST',
      '/v1/auditions/aud_1/cancel/',
      '{}',
      {},
      'not_found',
      404,
    ],
    [
      'a path segment that is too long',
      'GET',
      `/v1/auditions/${'a'.repeat(600)}`,
      undefined,
      {},
      'invalid_path',
      400,
    ],
    [
      'a time before the supported years',
      'GET',
      '/v1/auditions?scheduledFrom=0000-01-01T00:00:00Z',
      undefined,
      {},
      'invalid_query',
      400,
    ],
    [
      'a time after the supported years',
      'GET',
      '/v1/auditions?scheduledUntil=9999-12-31T23:59:59-12:00',
      undefined,
      {},
      'invalid_query',
      400,
    ],
    [
      'a cursor past all events',
      'GET',
      '/v1/auditions/aud_1/events?cursor=2147483648',
      undefined,
      {},
      'invalid_query',
      400,
    ],
    [
      'a cursor with an impossible date',
      'GET',
      `/v1/auditions?cursor=${cursorAt('2026-02-31T00:00:00.000Z')}`,
      undefined,
      {},
      'invalid_query',
      400,
    ],
    [
      'a cursor of the year 0',
      'GET',
      `/v1/auditions?cursor=${cursorAt('0000-02-01T00:00:00.000Z')}`,
      undefined,
      {},
      'invalid_query',
      400,
    ],
    ['an invalid ID', 'GET', '/v1/auditions/42', undefined, {}, 'invalid_path', 400],
    [
      'a method that the address does not support',
      'DELETE',
      '/v1/auditions',
      undefined,
      {},
      'method_not_allowed',
      405,
    ],
    ['a body that is not JSON', 'POST', '/v1/auditions', '{"project":', {}, 'invalid_body', 400],
    [
      'a body that is empty',
      'POST',
      '/v1/auditions',
      '',
      { 'idempotency-key': 'empty' },
      'invalid_body',
      400,
    ],
    ['a body over 256 KiB', 'POST', '/v1/auditions', `"${'x'.repeat(262_145)}"`, {}, 'body_too_large', 413],
    [
      'a form',
      'POST',
      '/v1/auditions',
      'a=b',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'unsupported_media_type',
      415,
    ],
    [
      'a plain text',
      'POST',
      '/v1/auditions',
      'a',
      { 'content-type': 'text/plain' },
      'unsupported_media_type',
      415,
    ],
    ['a cursor of another list', 'GET', '/v1/auditions?cursor=zzz', undefined, {}, 'invalid_query', 400],
    ['an unknown query parameter', 'GET', '/v1/auditions?stat=open', undefined, {}, 'invalid_query', 400],
    [
      'a query parameter on a route without any',
      'GET',
      '/v1/auditions/aud_1?expand=all',
      undefined,
      {},
      'invalid_query',
      400,
    ],
    ['a limit out of range', 'GET', '/v1/auditions?limit=1000', undefined, {}, 'invalid_query', 400],
  ] as const)('is reported: %s', async (_case, method, url, body, headers, code, status) => {
    const answer = await test.call(method, url, { key, headers, ...(body === undefined ? {} : { body }) });
    expect(answer.body).toMatchObject(problem(code, status));
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toHaveProperty('correlationId', answer.headers['x-correlation-id']);
  });

  it.each([
    ['invalid HTTP', 'HELO there\r\n\r\n', 400, 'malformed_request'],
    ['an unknown method', 'FOO /v1/auditions HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'malformed_request'],
    ['a control character', 'GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'malformed_request'],
    ['a missing Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
    [
      'a missing Host, with a body',
      'POST /v1/auditions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}',
      400,
      'malformed_request',
    ],
    ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'malformed_request'],
    ['a header without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    [
      'an unknown expectation',
      'GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n',
      417,
      'expectation_failed',
    ],
  ])('in the raw HTTP request is reported: %s', async (_case, sent, status, code) => {
    const answer = await sendRaw(sent);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*application/problem\\+json`));
    expect(JSON.parse(body)).toMatchObject(problem(code, status));
    expect(head).toContain(JSON.parse(body).correlationId);
  });

  it.each([
    ['an unknown expectation', 'Host: a\r\nExpect: a\r\n', 417],
    ['a missing Host', '', 400],
  ])('in a pipelined request is reported in its turn: %s', async (_case, header, status) => {
    const answer = await sendRaw(`${ask('Host: a\r\n').repeat(3)}${ask(header)}${ask('Host: a\r\n')}`);
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, found]) => Number(found));
    // The answer to the faulty request closes the connection, so the last request gets none.
    expect(statuses).toEqual([200, 200, 200, status]);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
  });

  it('is not a missing Host in HTTP/1.0, as health checks send it', async () => {
    expect(await sendRaw('GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('in the method is reported with the methods that the address supports', async () => {
    const { headers } = await test.call('DELETE', '/v1/auditions', { key });
    expect(String(headers['allow']).split(', ').toSorted()).toEqual(['GET', 'HEAD', 'POST']);
  });

  it.each([
    ['GET, HEAD', 'QUERY', '/healthz'],
    ['GET, HEAD', 'DELETE', '/v1/connections/page'],
    ['GET, HEAD', 'OPTIONS', '/v1/connections/page'],
    ['POST', 'QUERY', '/v1/webhooks/mail/inbound'],
    ['POST', 'PROPFIND', '/v1/auditions/aud_1/cancel'],
  ])('in the method is reported with Allow: %s, whatever the body: %s %s', async (allowed, method, url) => {
    const answer = await sendRaw(
      `${method} ${url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${key}\r\n\r\n`,
    );
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 405 /);
    expect(head).toMatch(new RegExp(`\r\nallow: ${allowed}\r\n`, 'i'));
    expect(body).toContain('"code":"method_not_allowed"');
  });

  it('in the query is reported with a pointer to it', async () => {
    const { body } = await test.call('GET', '/v1/auditions?limit=none', { key });
    expect(body).toMatchObject({ errors: [{ in: 'query', pointer: '/limit' }] });
  });

  it('in thousands of fields is reported in a short answer, which says how many there are', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 8_000 }, (_, n) => [`${'x'.repeat(12)}${n}`, n]));
    const { status, text } = await test.call('POST', '/v1/auditions/aud_1/cancel', {
      key,
      body: { ...unknown, ['😀'.repeat(5_000)]: 1 },
    });
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(20_000);
    const { errors, detail, whatToDo } = z
      .object({ errors: z.array(z.unknown()), detail: z.string(), whatToDo: z.string() })
      .parse(JSON.parse(text));
    expect(errors).toHaveLength(50);
    expect(detail).toMatch(/and 7996 more$/);
    expect(whatToDo).toContain('the first 50 of 8001');
  });
});

/** Returns the raw response to the raw request `text`. */
const sendRaw = async (text: string): Promise<string> => {
  const { api } = await createTestApi(database);
  const { port, hostname } = new URL(await api.listen({ port: 0, host: '127.0.0.1' }));
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  socket.write(text);
  let response = '';
  for await (const chunk of socket) response += chunk;
  await api.close();
  return response;
};

const failing = async (error: Error) => {
  const list = async () => {
    throw error;
  };
  const auditions = { ...database.repositories.auditions, list };
  const broken = await createTestApi(database, { repositories: { ...database.repositories, auditions } });
  return broken.call('GET', '/v1/auditions', { key });
};

describe('an internal error', () => {
  it('is reported without details', async () => {
    const { status, body, text } = await failing(new Error('Ada Example is missing'));
    expect([status, body]).toMatchObject([500, problem('internal', 500)]);
    expect(text).not.toContain('Ada');
  });

  it.each([
    ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['a server that shuts down', Object.assign(new Error('terminating'), { code: '57P01' })],
    [
      'an outage wrapped by the driver',
      new Error('Failed query', { cause: Object.assign(new Error('x'), { code: '53300' }) }),
    ],
  ])('is reported with 503 and Retry-After when it is temporary: %s', async (_case, error) => {
    const { status, body, headers } = await failing(error);
    expect([status, body]).toMatchObject([503, problem('temporarily_unavailable', 503)]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });

  it('is reported with 503 while the database is down', async () => {
    const unreachable = createDatabaseClient('postgres://castmatch@127.0.0.1:1/castmatch');
    const repositories = createRepositories(unreachable.db, createKeyRing(masterKeys), unreachable.db);
    const api = await createTestApi(database, { repositories });
    const { status, body } = await api.call('GET', '/v1/auditions', { key });
    expect([status, body]).toMatchObject([503, { code: 'temporarily_unavailable' }]);
  });

  it('is reported with 503 while the master key is missing, and changes nothing', async () => {
    const body = JSON.stringify({
      event: 'meeting.started',
      event_ts: 1,
      payload: { object: { id: '1', uuid: 'u' } },
    });
    const ringOf = (id: string) =>
      createRepositories(database.db, createKeyRing([{ id, key: randomBytes(32) }]), database.keys.db);
    const sendWith = async (repositories: TestDatabase['repositories'], number: number) => {
      const sent = body.replace('"event_ts":1', `"event_ts":${number}`);
      const { call } = await createTestApi(database, { repositories });
      const timestamp = String(Date.parse('2026-11-24T09:00:00.000Z') / 1_000);
      const signature = createHmac('sha256', localDefaults.ZOOM_WEBHOOK_SECRET)
        .update(`v0:${timestamp}:${sent}`)
        .digest('hex');
      const headers = { 'x-zm-request-timestamp': timestamp, 'x-zm-signature': `v0=${signature}` };
      return call('POST', '/v1/webhooks/zoom', { body: sent, headers });
    };
    expect((await sendWith(ringOf('lost'), 1)).status).toBe(204);
    const answer = await sendWith(ringOf('other'), 2);
    expect([answer.status, answer.body]).toMatchObject([503, { code: 'temporarily_unavailable' }]);
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(answer.text).not.toContain('lost');
    expect((await database.pool.query('SELECT FROM webhook_inbox')).rowCount).toBe(1);
  });
});

describe('the correlation ID', () => {
  it('of the caller is returned in the header and in the problem', async () => {
    const { headers, body } = await test.call('GET', '/v1/nothing', {
      headers: { 'x-correlation-id': 'call-7' },
    });
    expect(headers['x-correlation-id']).toBe('call-7');
    expect(body).toMatchObject({ correlationId: 'call-7' });
  });

  it.each(['', 'two words', 'x'.repeat(101), 'a"b'])('is replaced when it is unsafe: %j', async (given) => {
    const { headers } = await test.call('GET', '/healthz', { headers: { 'x-correlation-id': given } });
    expect(headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

it('every response has security headers', async () => {
  const { headers } = await test.call('GET', '/healthz');
  expect(headers).toMatchObject({
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
});
