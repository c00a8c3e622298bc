/** Measures how long a slow sender can occupy a connection. docs/api.md promises 15 seconds for headers, 30 for all of it. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';

let database: TestDatabase;
let test: TestApi;
let url: URL;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  url = new URL(await test.api.listen({ port: 0, host: '127.0.0.1' }));
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

/** Sends the text and nothing more. Returns the response, and the seconds until the connection was closed. */
const wait = async (text: string): Promise<{ readonly response: string; readonly seconds: number }> => {
  const start = performance.now();
  const socket = connect(Number(url.port), url.hostname).setEncoding('utf8');
  socket.write(text);
  let response = '';
  for await (const chunk of socket) response += chunk;
  return { response, seconds: (performance.now() - start) / 1_000 };
};

/** The server looks once a second, and this machine can be busy. */
const lateness = 4;

it('a request whose headers or body do not arrive is answered by 408 in time', {
  timeout: 60_000,
}, async () => {
  // Without a key, the request would be refused before its body arrives.
  const key = await test.keyFor('backend');
  const head = `POST /v1/auditions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nIdempotency-Key: slow\r\n`;
  const [headers, body] = await Promise.all([
    wait(head),
    wait(`${head}Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{`),
  ]);
  for (const { response } of [headers, body]) {
    expect(response).toMatch(/^HTTP\/1\.1 408 /);
    expect(response).toContain('"code":"request_timed_out"');
  }
  expect(headers.seconds).toBeGreaterThan(14.5);
  expect(headers.seconds).toBeLessThan(15 + lateness);
  expect(body.seconds).toBeGreaterThan(29.5);
  expect(body.seconds).toBeLessThan(30 + lateness);
});
