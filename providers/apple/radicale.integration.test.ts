/** Tests account discovery against Radicale, an independent CalDAV server, because the sandbox is our own code. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { execa } from 'execa';
import getPort from 'get-port';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../tests/harness/eventually.ts';
import { createOutboundDispatcher } from '../outbound/dispatcher.ts';
import { createGuardedFetch } from '../outbound/guarded-fetch.ts';
import { createAppleAuthorizer } from './account.ts';

const python = env['RADICALE_PYTHON'] ?? 'python3';
const installed = spawnSync(python, ['-c', 'import radicale']).status === 0;

const startRadicale = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'castmatch-radicale-'));
  const users = join(folder, 'users');
  await writeFile(users, 'ann@example.com:sand-boxx-appl-pass\n');
  const port = await getPort();
  const options = {
    'server-hosts': `127.0.0.1:${port}`,
    'auth-type': 'htpasswd',
    'auth-htpasswd-filename': users,
    'auth-htpasswd-encryption': 'plain',
    // Answers a wrong password without delay.
    'auth-delay': '0',
    'storage-filesystem-folder': join(folder, 'collections'),
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = execa(python, ['-m', 'radicale', ...flags], { reject: false });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await child;
    await rm(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    15_000,
  );
  return url;
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

describe.skipIf(!installed)('with Radicale (python3 with the package radicale, or RADICALE_PYTHON)', () => {
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
});
