/** Tests account discovery against Radicale, an independent CalDAV server, because the sandbox is our own code. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasCaldavServer, startCaldavServer } from '../../tests/harness/caldav-servers.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import { createAppleAuthorizer } from './account.ts';

const startRadicale = async () => {
  const server = await startCaldavServer('radicale');
  onTestFinished(() => server.close());
  return server.url;
};

const connectTo = (serverUrl: string, password: string) => {
  const dispatcher = createOutboundDispatcher({ allowedPrivateNetworks: ['127.0.0.0/8'] });
  onTestFinished(async () => dispatcher.destroy());
  const apple = createAppleAuthorizer({ caldavUrl: 'https://caldav.icloud.com' }, (home) =>
    createGuardedFetch(dispatcher, home),
  );
  const call = { signal: AbortSignal.timeout(20_000), correlationId: 'corr-radicale' };
  return apple.connect({ serverUrl, username: 'ann@example.com', password }, call);
};

describe.skipIf(!hasCaldavServer('radicale'))(
  'with Radicale (python3 with the package radicale, or CALDAV_PYTHON)',
  () => {
    test('discovers the account from the server address', async () => {
      const url = await startRadicale();
      expect(await connectTo(url, 'sand-boxx-appl-pass')).toMatchObject({
        account: { id: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/ann(@|%40)example\.com\/$/) },
        credential: { kind: 'app_password', serverUrl: `${url}/` },
      });
    });

    test('reports a wrong password', async () => {
      const url = await startRadicale();
      await expect(connectTo(url, 'wrong')).rejects.toMatchObject({ fault: { kind: 'reconnect' } });
    });
  },
);
