import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isAddressNotAllowed } from './address-rules.ts';
import { createOutboundDispatcher } from './dispatcher.ts';
import { createGuardedDownload } from './guarded-download.ts';

const listen = async (handle: RequestListener): Promise<string> => {
  const server = createServer(handle);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
};

const createDownload = (allowedPrivateNetworks: readonly string[] = ['127.0.0.0/8']) => {
  const dispatcher = createOutboundDispatcher({
    allowedPrivateNetworks,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  onTestFinished(() => dispatcher.close());
  return createGuardedDownload(dispatcher);
};

const wanted = {
  headers: { authorization: 'Bearer secret', range: 'bytes=1-' },
  signal: AbortSignal.timeout(5_000),
};

describe('a guarded download', () => {
  it('follows a redirect on the same server with credentials and range', async () => {
    const seen: unknown[] = [];
    const origin = await listen((request, response) => {
      seen.push([request.url, request.headers.authorization, request.headers.range]);
      if (request.url === '/first') response.writeHead(302, { location: '/second' }).end();
      else response.writeHead(206, { 'content-type': 'video/mp4' }).end('bytes');
    });
    const download = await createDownload()(new URL(`${origin}/first`), wanted);
    expect(download.status).toBe(206);
    expect(download.header('content-type')).toBe('video/mp4');
    expect((await download.body.toArray()).join('')).toBe('bytes');
    expect(seen).toEqual([
      ['/first', 'Bearer secret', 'bytes=1-'],
      ['/second', 'Bearer secret', 'bytes=1-'],
    ]);
  });

  it('sends no credentials to another registrable domain', async () => {
    const seen: unknown[] = [];
    const origin = await listen((request, response) => {
      seen.push([request.headers.host, request.headers.authorization]);
      const { port } = new URL(origin);
      if (request.url === '/first')
        response.writeHead(307, { location: `http://cdn.example:${port}/file` }).end();
      else response.end('bytes');
    });
    const download = await createDownload()(new URL(`${origin}/first`), wanted);
    await download.discard();
    expect(seen).toEqual([
      [new URL(origin).host, 'Bearer secret'],
      [`cdn.example:${new URL(origin).port}`, undefined],
    ]);
  });

  it('refuses private networks, and endless redirects', async () => {
    const origin = await listen((_request, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    );
    const refused = await createDownload([])(new URL(`${origin}/first`), wanted).catch((error) => error);
    expect(isAddressNotAllowed(refused)).toBe(true);
    const endless = await createDownload()(new URL(`${origin}/first`), wanted).catch((error) => error);
    expect(isAddressNotAllowed(endless)).toBe(true);
  });
});
