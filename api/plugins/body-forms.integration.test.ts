/** Sends the forms of a missing body over a real connection, to each route whose fields are all optional. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { findFreePort } from '../../tests/harness/free-port.ts';

let database: TestDatabase;
let test: TestApi;
let key: string;
let port: number;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  key = await test.keyFor('admin');
  port = await findFreePort();
  await test.api.listen({ port, host: '127.0.0.1' });
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const send = async (method: string, path: string, headers: readonly string[], body = '') => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    `Authorization: Bearer ${key}`,
    `Idempotency-Key: ${crypto.randomUUID()}`,
    ...headers,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  const answer = await text(socket);
  const [, status = '', code = ''] = /^HTTP\/1\.1 (\d{3})[\s\S]*?(?:"code":"(\w+)"|$)/.exec(answer) ?? [];
  return `${status} ${code}`.trim();
};

const json = 'Content-Type: application/json';
const empty = 'Content-Length: 0';
const forms: readonly (readonly [string, readonly string[], string?])[] = [
  ['no content type, no length', []],
  ['no content type, length 0', [empty]],
  ['a content type, no length', [json]],
  ['a content type, length 0', [json, empty]],
  ['a content type with a charset, length 0', ['Content-Type: application/json; charset=utf-8', empty]],
  ['a content type in capitals', ['Content-Type: Application/JSON;charset=UTF-8', empty]],
  ['chunks without content', [json, 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
];

const audition = 'aud_0000000000000000000000000a';
const routes = [
  ['POST', `/v1/auditions/${audition}/cancel`],
  ['POST', `/v1/auditions/${audition}/meeting`],
  ['POST', `/v1/auditions/${audition}/admissions`],
  ['POST', `/v1/recordings/rec_${audition}-1/links`],
  ['PATCH', '/v1/webhook-endpoints/endp_unknown'],
  ['POST', '/v1/webhook-endpoints/endp_unknown/rotate-secret'],
  ['POST', '/v1/webhook-endpoints/endp_unknown/test'],
  ['PUT', '/v1/organization/budgets'],
  ['POST', '/v1/participants/ada/erase'],
  ['DELETE', '/v1/connections/conn_unknown'],
  ['DELETE', '/v1/webhook-endpoints/endp_unknown'],
  ['DELETE', `/v1/auditions/${audition}/participants/ada`],
  ['GET', '/v1/auditions'],
] as const;

describe.each(routes)('%s %s', (method, path) => {
  it('answers each form of a missing body as an empty object', async () => {
    const emptyObject = await send(method, path, [json, 'Content-Length: 2'], '{}');
    for (const [name, headers, body] of forms) {
      expect([name, await send(method, path, headers, body)]).toEqual([name, emptyObject]);
    }
    expect(emptyObject).not.toMatch(/400|415/);
  });
});
