import { createServer } from 'node:http';
import getPort from 'get-port';
import { expect, onTestFinished, test } from 'vitest';
import { createDiscovery } from './openid-discovery.ts';

const document = {
  issuer: 'https://login.example.com',
  authorization_endpoint: 'https://login.example.com/authorize',
  token_endpoint: 'https://login.example.com/token',
  response_types_supported: ['code'],
};

/** Answers, in turn, with what is given, and with the last one from then on. */
const serve = async (...answers: readonly { readonly status: number; readonly body: string }[]) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { status, body } = answers[Math.min(asked.length, answers.length - 1)] ?? { status: 500, body: '' };
    asked.push(request.url ?? '');
    response.writeHead(status).end(body);
  });
  const port = await getPort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { base: `http://127.0.0.1:${port}/common/v2.0`, asked };
};
const call = () => ({ signal: AbortSignal.timeout(5_000) });

test('finds the endpoints below the address, and asks once', async () => {
  const { base, asked } = await serve({ status: 200, body: JSON.stringify(document) });
  const discover = createDiscovery(base);
  expect(await discover(call())).toMatchObject({ token_endpoint: 'https://login.example.com/token' });
  await discover(call());
  expect(asked).toEqual(['/common/v2.0/.well-known/openid-configuration']);
});

test.each([
  ['is none', { status: 404, body: 'not found' }],
  ['is a page', { status: 200, body: '<html></html>' }],
  [
    'says nothing of tokens',
    { status: 200, body: JSON.stringify({ ...document, token_endpoint: undefined }) },
  ],
])('there is nothing to be found where the document %s', async (_what, answer) => {
  const { base } = await serve(answer);
  expect(await createDiscovery(base)(call())).toBeUndefined();
});

test('a server that is down has not said that it has none: it is asked again', async () => {
  const { base } = await serve({ status: 503, body: '' }, { status: 200, body: JSON.stringify(document) });
  const discover = createDiscovery(base);
  await expect(discover(call())).rejects.toThrow('503');
  expect(await discover(call())).toMatchObject({ issuer: 'https://login.example.com' });
});
