/** Tests that a server which accepts Digest authentication only is used like any other. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { caldavUser } from '../../tests/harness/caldav-user.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { ownEventId, setUpScriptedCaldav } from '../../tests/harness/scripted-caldav-bench.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import { createAppleAuthorizer } from './account.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** Checks the header as sabre/dav does (`Sabre\HTTP\Auth\Digest`). */
const isAnswer = ({ method, url, headers }: IncomingMessage, password: string): boolean => {
  const header = headers.authorization ?? '';
  if (!header.startsWith('Digest ')) return false;
  const part = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(header)?.[1] ?? '';
  const account = md5(`${caldavUser.username}:BaikalDAV:${password}`);
  const request = md5(`${method}:${url}`);
  const expected = md5([account, 'nonce-1', part('nc'), part('cnonce'), part('qop'), request].join(':'));
  return part('uri') === url && part('response') === expected;
};

const href = (path: string) => `<d:href>${path}</d:href>`;

const challenge =
  'Digest realm="BaikalDAV",qop="auth",nonce="nonce-1",opaque="df58bdff8cf60599c939187d0b5c54de"';

const guard =
  (password: string) =>
  (request: IncomingMessage, response: ServerResponse): boolean => {
    if (isAnswer(request, password)) return true;
    response.writeHead(401, { 'www-authenticate': challenge }).end();
    return false;
  };

describe('a calendar at a server that accepts Digest authentication only', () => {
  it('is listed and written', async () => {
    const { server, list, write } = await setUpScriptedCaldav();
    server.ways.admits = guard(caldavUser.password);
    await write(1);
    await write(2);
    expect(server.text(ownEventId)).toContain('X-CASTMATCH-REVISION:2');
    expect((await list({ kind: 'all', since: '2026-11-30T00:00:00.000Z' })).ids).toEqual([ownEventId]);
  });

  it('that is redirected is written', async () => {
    const { server, write } = await setUpScriptedCaldav();
    server.ways.admits = guard(caldavUser.password);
    server.ways.redirects = true;
    await write(1);
    expect(server.text(ownEventId)).toContain('X-CASTMATCH-REVISION:1');
  });

  it('must be connected again when the password is wrong', async () => {
    const { server, write } = await setUpScriptedCaldav();
    server.ways.admits = guard('another');
    await expect(write(1)).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
  });
});

describe('an account at a server that accepts Digest authentication only', () => {
  it('is discovered', async () => {
    const admits = guard(caldavUser.password);
    const server = createServer((request, response) => {
      if (!admits(request, response)) return;
      response
        .writeHead(207, { 'content-type': 'application/xml' })
        .end(
          `<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response>${href(request.url ?? '')}<d:propstat><d:prop><d:current-user-principal>${href('/p/ann/')}</d:current-user-principal><c:calendar-home-set>${href('/c/ann/')}</c:calendar-home-set></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`,
        );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
    onTestFinished(async () => {
      await dispatcher.destroy();
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const serverUrl = `http://127.0.0.1:${port}`;
    const apple = createAppleAuthorizer({ caldavUrl: serverUrl }, (home) =>
      createGuardedFetch(dispatcher, home),
    );
    const { account } = await apple.connect({ ...caldavUser }, callContext());
    expect(account.id).toBe(`${serverUrl}/p/ann/`);
    const wrong = apple.connect({ ...caldavUser, password: 'wrong' }, callContext());
    await expect(wrong).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
  });
});
