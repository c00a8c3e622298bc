import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createOutboundDispatcher } from './dispatcher.ts';
import { createGuardedFetch } from './guarded-fetch.ts';

interface Seen {
  readonly host: string;
  readonly method: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
};

/** One server for all hosts: `redirectTo` lists the redirect of each address. */
const setUp = async (redirectTo: Readonly<Record<string, readonly [number, string]>>, home?: string) => {
  const seen: Seen[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { host = '', authorization } = request.headers;
    seen.push({ host, method: request.method ?? '', authorization, body: await bodyOf(request) });
    const [status, location] = redirectTo[`${host.split(':')[0]}${request.url}`] ?? [];
    if (status !== undefined && location !== undefined) {
      response.writeHead(status, { location: location.replace('PORT', String(port)) });
    }
    response.end('here');
  };
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = z.object({ port: z.int() }).parse(server.address());
  const dispatcher = createOutboundDispatcher({
    allowedPrivateNetworks: ['127.0.0.0/8'],
    resolve: async (name) => [
      { address: name.endsWith('inside.example') ? '10.0.0.1' : '127.0.0.1', family: 4 },
    ],
  });
  onTestFinished(async () => {
    await dispatcher.close();
    server.close();
  });
  const guarded = createGuardedFetch(dispatcher, home === undefined ? undefined : new URL(home));
  const call = async (address: string, init: RequestInit = {}) =>
    guarded(`http://${address.replace('/', `:${port}/`)}`, {
      ...init,
      headers: { authorization: 'Basic c2VjcmV0' },
    });
  return { call, seen };
};

describe('a redirect', () => {
  it('to another host of the same owner keeps method, body and password', async () => {
    const { call, seen } = await setUp({
      'caldav.icloud.com/': [301, 'http://p42-caldav.icloud.com:PORT/123/principal'],
    });
    const response = await call('caldav.icloud.com/', { method: 'PROPFIND', body: '<propfind/>' });
    expect(await response.text()).toBe('here');
    expect(seen.map(({ host, ...rest }) => [host.split(':')[0], rest])).toEqual([
      ['caldav.icloud.com', { method: 'PROPFIND', authorization: 'Basic c2VjcmV0', body: '<propfind/>' }],
      ['p42-caldav.icloud.com', { method: 'PROPFIND', authorization: 'Basic c2VjcmV0', body: '<propfind/>' }],
    ]);
  });

  it.each([
    ['another domain', 'http://elsewhere.example:PORT/'],
    ['another customer of the same hoster', 'http://two.github.io:PORT/'],
    ['an address without a name', 'http://127.0.0.1:PORT/'],
  ])('to %s is followed without the password', async (_what, location) => {
    const { call, seen } = await setUp({ 'one.github.io/': [307, location] });
    await call('one.github.io/');
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Basic c2VjcmV0', undefined]);
  });

  it('through another owner’s host and back does not restore the password', async () => {
    const { call, seen } = await setUp({
      'a.example/': [302, 'http://b.example:PORT/'],
      'b.example/': [302, 'http://a.example:PORT/again'],
    });
    await call('a.example/');
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Basic c2VjcmV0', undefined, undefined]);
  });

  it.each([
    ['a private network', 'http://inside.example:PORT/'],
    ['a private address', 'http://10.0.0.1/'],
    ['a text that is not a web address', 'file:///etc/passwd'],
    ['an address with a password', 'http://user:secret@a.example:PORT/'],
  ])('to %s is not followed', async (_what, location) => {
    const { call, seen } = await setUp({ 'a.example/': [302, location] });
    await expect(call('a.example/')).rejects.toMatchObject({ code: 'address_not_allowed' });
    expect(seen).toHaveLength(1);
  });

  it('is followed at most three times', async () => {
    const { call, seen } = await setUp({ 'a.example/': [302, '/'] });
    await expect(call('a.example/')).rejects.toMatchObject({ code: 'address_not_allowed' });
    expect(seen).toHaveLength(4);
  });

  it('is not followed when the caller requests manual redirects', async () => {
    const { call, seen } = await setUp({ 'a.example/': [302, '/next'] });
    const response = await call('a.example/', { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/next']);
    expect(seen).toHaveLength(1);
  });

  it('turns a POST into a GET as the fetch standard requires', async () => {
    const { call, seen } = await setUp({ 'a.example/': [303, '/next'] });
    await call('a.example/', { method: 'POST', body: 'x' });
    expect(seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'x'],
      ['GET', ''],
    ]);
  });
});

it('a guarded fetch sends credentials only to the home server', async () => {
  const { call, seen } = await setUp({}, 'http://caldav.icloud.com');
  await call('p42-caldav.icloud.com/');
  await call('elsewhere.example/');
  expect(seen.map(({ authorization }) => authorization)).toEqual(['Basic c2VjcmV0', undefined]);
});

it('a guarded fetch throws the refusal for an address that is not public', async () => {
  const { call } = await setUp({});
  await expect(call('inside.example/')).rejects.toMatchObject({
    name: 'Refusal',
    code: 'address_not_allowed',
  });
});
