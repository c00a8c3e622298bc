import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { findFreePort } from '../../tests/harness/free-port.ts';
import { createDiscovery } from './openid-discovery.ts';

const document = {
  issuer: 'https://login.example.com',
  authorization_endpoint: 'https://login.example.com/authorize',
  token_endpoint: 'https://login.example.com/token',
  response_types_supported: ['code'],
};

/** Starts a server that sends the answers in turn, then repeats the last one. */
const serve = async (...answers: readonly { readonly status: number; readonly body: string }[]) => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { status, body } = answers[Math.min(requests.length, answers.length - 1)] ?? {
      status: 500,
      body: '',
    };
    requests.push(request.url ?? '');
    response.writeHead(status).end(body);
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { base: `http://127.0.0.1:${port}/common/v2.0`, requests };
};
const call = () => ({ signal: AbortSignal.timeout(5_000) });

test('discovery reads the endpoints below the address once', async () => {
  const { base, requests } = await serve({ status: 200, body: JSON.stringify(document) });
  const discover = createDiscovery(base);
  expect(await discover(call())).toMatchObject({ token_endpoint: 'https://login.example.com/token' });
  await discover(call());
  expect(requests).toEqual(['/common/v2.0/.well-known/openid-configuration']);
});

test.each([
  ['is missing', { status: 404, body: 'not found' }],
  ['is an HTML page', { status: 200, body: '<html></html>' }],
  [
    'has no token endpoint',
    { status: 200, body: JSON.stringify({ ...document, token_endpoint: undefined }) },
  ],
])('discovery finds no endpoints when the document %s', async (_what, answer) => {
  const { base } = await serve(answer);
  expect(await createDiscovery(base)(call())).toBeUndefined();
});

test('discovery asks again after a server error', async () => {
  const { base } = await serve({ status: 503, body: '' }, { status: 200, body: JSON.stringify(document) });
  const discover = createDiscovery(base);
  await expect(discover(call())).rejects.toThrow('503');
  expect(await discover(call())).toMatchObject({ issuer: 'https://login.example.com' });
});
