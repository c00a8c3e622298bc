/** Tests that browsers of other origins can call nothing but the codec server. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { permissions } from '../access/permissions.ts';

let database: TestDatabase;
let test: TestApi;
let address: string;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  address = await test.api.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const webUi = 'http://web-ui.example.com';
const routes = Object.keys(permissions)
  .map((route) => route.split(' '))
  .filter(([, path]) => !path?.startsWith('/codec/'));
const headersOf = async (method: string, path: string, headers: Record<string, string>): Promise<object> => {
  const response = await fetch(`${address}${path}`, { method, headers, redirect: 'manual' });
  // The API could not close while a large answer waits to be read.
  await response.body?.cancel();
  return Object.fromEntries(response.headers);
};

const crossOriginHeaders = (headers: object): readonly string[] =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'));

it('no route outside the codec server sends a CORS header to any origin', async () => {
  const found: string[] = [];
  for (const [method = '', path = ''] of routes) {
    const url = path.replaceAll(/:\w+|\*/g, 'x');
    for (const origin of [webUi, 'https://app.example.com', 'https://elsewhere.example.com', 'null']) {
      const request = await headersOf(method, url, { origin });
      const preflight = await headersOf('OPTIONS', url, { origin, 'access-control-request-method': method });
      if ([request, preflight].some((headers) => crossOriginHeaders(headers).length > 0))
        found.push(`${method} ${path} ${origin}`);
    }
  }
  expect(found).toEqual([]);
});

const preflight = (origin: string) =>
  test.call('OPTIONS', '/codec/decode', { headers: { origin, 'access-control-request-method': 'POST' } });

it('the codec server permits the origin of the Temporal Web UI, and no other', async () => {
  expect((await preflight(webUi)).headers).toMatchObject({ 'access-control-allow-origin': webUi });
  expect((await preflight('https://elsewhere.example.com')).headers).not.toHaveProperty(
    'access-control-allow-origin',
  );
});
