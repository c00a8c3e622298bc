import { createServer, type RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import { caldavAccount } from '../../tests/harness/caldav-account.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { nothingStored } from '../../tests/harness/stored-events.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import { createAppleAuthorizer } from './account.ts';
import { createCaldavChanges } from './changes.ts';
import { createAppleCheck } from './health.ts';

const password = 'sand-boxx-appl-pass';
const username = 'ann@icloud.example';

/** The authorizer as the registry creates it, with name resolution controlled by the test. */
const fetchForNetworks = (allowedPrivateNetworks: readonly string[], names: Record<string, string> = {}) => {
  const dispatcher = createOutboundDispatcher({
    allowedPrivateNetworks,
    resolve: async (name) => {
      const address = names[name];
      if (address === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
      return [{ address, family: 4 }];
    },
  });
  onTestFinished(async () => dispatcher.destroy());
  return (home: URL) => createGuardedFetch(dispatcher, home);
};

const loopback = ['127.0.0.0/8'];

const setup = async () => {
  const sandbox = await startSandbox();
  onTestFinished(async () => sandbox.close());
  const apple = createAppleAuthorizer({ caldavUrl: sandbox.url }, fetchForNetworks(loopback));
  return { sandbox, apple };
};

/** A scripted server; `requests` holds the paths and credentials it received. */
const serve = async (listener: RequestListener) => {
  const requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, requests };
};

const fault = (kind: string, code?: string) => ({
  name: 'ProviderError',
  provider: 'apple',
  fault: { kind },
  ...(code && { vendor: { code } }),
});

describe('an account', () => {
  test('is discovered at the configured server and keeps its id', async () => {
    const { sandbox, apple } = await setup();
    const grant = await apple.connect({ username, password }, callContext());
    expect(grant).toEqual({
      account: { id: `${sandbox.url}/caldav/principals/ann%40icloud.example/`, name: username },
      scopes: [],
      credential: { kind: 'app_password', serverUrl: `${sandbox.url}/`, username, password },
    });
    expect((await apple.connect({ username, password }, callContext())).account).toEqual(grant.account);
  });

  test('is discovered at a server that the owner entered', async () => {
    const { sandbox } = await setup();
    const settings = { caldavUrl: 'https://caldav.icloud.com' };
    const apple = createAppleAuthorizer(settings, fetchForNetworks(loopback));
    const grant = await apple.connect({ serverUrl: ` ${sandbox.url} `, username, password }, callContext());
    expect(grant.account.name).toBe(username);
  });

  test('with a wrong password gets a message about app-specific passwords', async () => {
    const { apple } = await setup();
    await expect(apple.connect({ username, password: 'the main one' }, callContext())).rejects.toMatchObject({
      ...fault('reconnect'),
      vendor: { status: 401, message: expect.stringContaining('app-specific password') },
    });
  });

  test('with revoked passwords must be connected again', async () => {
    const { sandbox, apple } = await setup();
    await apple.connect({ username, password }, callContext());
    sandbox.control.revokeGrants('apple', username);
    await expect(apple.connect({ username, password }, callContext())).rejects.toMatchObject(
      fault('reconnect'),
    );
  });

  test('cannot be connected while the server is down, rate limited or silent', async () => {
    const { sandbox, apple } = await setup();
    sandbox.control.setFault('apple', { kind: 'outage' });
    await expect(apple.connect({ username, password }, callContext())).rejects.toMatchObject(fault('outage'));
    sandbox.control.setFault('apple', { kind: 'rate_limit', retryAfterSeconds: 9 });
    await expect(apple.connect({ username, password }, callContext())).rejects.toMatchObject({
      fault: { kind: 'retry_after', delayMs: 9_000 },
    });
    sandbox.control.setFault('apple', { kind: 'latency', latencyMs: 60_000 });
    const call = { signal: AbortSignal.timeout(50), correlationId: 'c' };
    await expect(apple.connect({ username, password }, call)).rejects.toMatchObject(fault('outage'));
  });
});

describe('an address', () => {
  test.each([
    ['a text that is not an address', 'not an address', 'address_not_allowed'],
    ['another protocol', 'ftp://calendar.example', 'address_not_allowed'],
    ['an address with a password', 'https://ann:secret@calendar.example', 'address_not_allowed'],
    ['a private network', 'https://192.168.1.1/', 'address_not_allowed'],
    ['the metadata address of a cloud', 'http://169.254.169.254/latest/meta-data/', 'address_not_allowed'],
    ['a name that resolves to a private address', 'https://inside.example/', 'address_not_allowed'],
    ['an unencrypted public address', 'http://outside.example/', 'address_not_allowed'],
    ['an unknown host name', 'calendar.example', 'name_unknown'],
  ])('is rejected: %s', async (_what, serverUrl, code) => {
    const names = { 'inside.example': '10.0.0.7', 'outside.example': '203.0.114.7' };
    const apple = createAppleAuthorizer({ caldavUrl: 'https://c.example' }, fetchForNetworks([], names));
    await expect(apple.connect({ serverUrl, username, password }, callContext())).rejects.toMatchObject(
      fault('rejected_input', code),
    );
  });

  test('whose name is not found any more is a fault of the moment once the account is connected', async () => {
    const changes = createCaldavChanges(fetchForNetworks([]), () => {});
    const listing = changes.listChanges(
      caldavAccount('https://calendar.example/'),
      'https://calendar.example/ann/',
      { kind: 'all', since: '2026-11-30T00:00:00.000Z' },
      callContext(),
      nothingStored,
    );
    await expect(listing).rejects.toMatchObject(fault('outage', 'ENOTFOUND'));
  });

  test('that is not a calendar server is rejected', async () => {
    const { port } = await serve((_request, response) => response.writeHead(404).end('nothing'));
    const { apple } = await setup();
    const serverUrl = `http://127.0.0.1:${port}`;
    await expect(apple.connect({ serverUrl, username, password }, callContext())).rejects.toMatchObject(
      fault('rejected_input', 'no_calendar_server'),
    );
  });

  test('that redirects to another owner’s server does not leak the password', async () => {
    const thief = await serve((_request, response) => response.writeHead(401).end());
    const names = { 'calendar.example': '127.0.0.1', 'thief.example': '127.0.0.1' };
    const decoy = await serve((_request, response) =>
      response.writeHead(301, { location: `http://thief.example:${thief.port}/` }).end(),
    );
    const settings = { caldavUrl: 'https://c.example' };
    const apple = createAppleAuthorizer(settings, fetchForNetworks(loopback, names));
    const serverUrl = `http://calendar.example:${decoy.port}/`;
    await expect(apple.connect({ serverUrl, username, password }, callContext())).rejects.toMatchObject(
      fault('rejected_input', 'leads_elsewhere'),
    );
    expect(thief.requests.length).toBeGreaterThan(0);
    expect(thief.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test('whose server sends an endless answer is rejected', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(207, { 'content-type': 'application/xml' });
      const chunk = 'x'.repeat(64_000);
      const talk = () => {
        while (response.write(chunk));
      };
      response.on('drain', talk);
      talk();
    });
    const { apple } = await setup();
    const serverUrl = `http://127.0.0.1:${port}`;
    await expect(apple.connect({ serverUrl, username, password }, callContext())).rejects.toMatchObject(
      fault('rejected_input', 'answer_too_large'),
    );
  });
});

test('the health check of Apple passes when the server answers without a login', async () => {
  const { sandbox } = await setup();
  const check = createAppleCheck({ caldavUrl: sandbox.url }, fetchForNetworks(loopback));
  await expect(check()).resolves.toBeUndefined();
  sandbox.control.setFault('apple', { kind: 'outage', reset: true });
  await expect(check()).rejects.toMatchObject(fault('outage'));
});

test('errors of Apple never contain the password', async () => {
  const { apple } = await setup();
  const wrong = 'wron-gone-pass-word';
  const error: unknown = await apple
    .connect({ username, password: wrong }, callContext())
    .catch((refused: unknown) => refused);
  const shown = inspect(error, { depth: 20, showHidden: true });
  expect(shown).not.toContain(wrong);
  expect(shown).not.toContain(Buffer.from(`${username}:${wrong}`).toString('base64'));
});
