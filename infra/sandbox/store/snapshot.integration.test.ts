import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { callbackOf, submitConsent } from '../../../tests/harness/consent.ts';
import { startSandbox } from '../sandbox.ts';

const folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map(async (folder) => rm(folder, { recursive: true })));
});

const setup = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  folders.push(folder);
  return join(folder, 'data', 'sandbox.json');
};

const send = async (url: string) =>
  fetch(`${url}/2010-04-01/Accounts/AC00000000000000000000000000005a5a/Messages.json`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('AC00000000000000000000000000005a5a:sandbox-twilio-token')}` },
    body: new URLSearchParams({ To: '+33612345678', From: '+15005550006', Body: 'Hi' }),
  });

/** Calls Microsoft's token endpoint. */
const tokenOf = async (url: string, form: Record<string, string>) => {
  const client = { client_id: 'sandbox-microsoft-client', client_secret: 'sandbox-microsoft-secret' };
  const body = new URLSearchParams({ ...client, ...form });
  const answer = await fetch(`${url}/common/oauth2/v2.0/token`, { method: 'POST', body });
  return { status: answer.status, body: Object(await answer.json()) };
};

it('the sandbox restores its state after a restart and continues sending a pending message', async () => {
  const dataFile = await setup();
  const first = await startSandbox({ dataFile, twilio: { statusDelayMs: 60_000 } });
  const busy = { account: 'ann', start: '2026-12-01T09:00:00Z', end: '2026-12-01T10:00:00Z' };
  const { eventId } = first.control.addBusy(busy);
  await send(first.url);
  await first.close();

  const second = await startSandbox({ dataFile, twilio: { statusDelayMs: 1 } });
  expect(second.control.state().google.calendars).toMatchObject([{ id: 'ann', events: [{ id: eventId }] }]);
  await vi.waitFor(() =>
    expect(second.control.state().twilio.messages).toMatchObject([{ status: 'delivered' }]),
  );
  await second.close();
});

it('the sandbox writes its data file while it runs', async () => {
  const dataFile = await setup();
  const sandbox = await startSandbox({ dataFile });
  await send(sandbox.url);
  await vi.waitFor(async () => expect(await readFile(dataFile, 'utf8')).toContain('+33612345678'));
  await sandbox.close();
});

it('an access token stays valid after a restart of the sandbox', async () => {
  const dataFile = await setup();
  const first = await startSandbox({ dataFile });
  const token = await fetch(
    `${first.url}/oauth/token?grant_type=account_credentials&account_id=sandbox-account`,
    {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('sandbox-zoom-client:sandbox-zoom-secret')}` },
    },
  );
  const { access_token: accessToken } = Object(await token.json());
  await first.close();
  const second = await startSandbox({ dataFile });
  const headers = { authorization: `Bearer ${accessToken}` };
  expect((await fetch(`${second.url}/v2/users/me/meetings`, { headers })).status).toBe(200);
  await second.close();
});

it('the sandbox does not start with an unreadable data file and names the file', async () => {
  const dataFile = await setup();
  await (await startSandbox({ dataFile })).close();
  const sandbox = await startSandbox({ dataFile });
  await send(sandbox.url);
  await sandbox.close();
  await writeFile(dataFile, '{"zoom.meetings": 3}');
  await expect(startSandbox({ dataFile })).rejects.toThrow(dataFile);
});

it('an authorization code and its grant stay valid after restarts of the sandbox', async () => {
  const dataFile = await setup();
  const redirectUri = callbackOf('microsoft');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'sandbox-microsoft-client',
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
  });

  const first = await startSandbox({ dataFile });
  const { back } = await submitConsent(`${first.url}/common/oauth2/v2.0/authorize?${query.toString()}`);
  await first.close();

  const second = await startSandbox({ dataFile });
  const redeem = { grant_type: 'authorization_code', code: back['code'] ?? '', redirect_uri: redirectUri };
  const redeemed = await tokenOf(second.url, redeem);
  expect(redeemed.status).toBe(200);
  await second.close();

  const third = await startSandbox({ dataFile });
  const refresh = { grant_type: 'refresh_token', refresh_token: String(redeemed.body.refresh_token) };
  expect((await tokenOf(third.url, refresh)).status).toBe(200);
  expect((await tokenOf(third.url, redeem)).body).toMatchObject({ error: 'invalid_grant' });
  expect((await tokenOf(third.url, refresh)).body).toMatchObject({ error_codes: [50173] });
  await third.close();
});
