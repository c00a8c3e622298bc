import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import {
  consentingUserAt,
  faultAt,
  testCodeRedemption,
  testErrorsKeepSecrets,
} from '../../tests/harness/authorizer-suite.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { callbackOf } from '../../tests/harness/consent.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import { createMicrosoftCheck } from './health.ts';
import { createMicrosoftAuthorizer } from './oauth.ts';
import { microsoftScopes } from './settings.ts';

const redirectUri = callbackOf('microsoft');
const settingsOf = (url: string) => sandboxSettings(url).microsoft;

const setup = async (clock?: () => number) => {
  const sandbox = await startSandbox({}, clock);
  onTestFinished(async () => sandbox.close());
  const authorizer = createMicrosoftAuthorizer(settingsOf(sandbox.url));
  return { sandbox, authorizer, ...consentingUserAt(authorizer) };
};

const faultOf = faultAt('microsoft');

/** A token endpoint with one fixed answer and no OpenID configuration. */
const answering = async (status: number, body: string, headers: Record<string, string> = {}) => {
  const server = createServer(({ method }, response) => {
    if (method === 'GET') response.writeHead(404).end();
    else response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return createMicrosoftAuthorizer(settingsOf(`http://127.0.0.1:${port}`));
};

test('the authorization URL requests a code with PKCE in the configured tenant', async () => {
  const settings = { ...settingsOf('https://login.microsoftonline.com'), tenantId: 'organizations' };
  const authorizer = createMicrosoftAuthorizer(settings);
  const request = { state: 's', codeChallenge: 'challenge', redirectUri, scopes: microsoftScopes.required };
  const url = new URL(await authorizer.authorizationUrl(request));
  expect(url.origin + url.pathname).toBe(
    'https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize',
  );
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    response_type: 'code',
    response_mode: 'query',
    redirect_uri: redirectUri,
    scope: expect.stringContaining('Calendars.ReadWrite'),
    state: 's',
    code_challenge: 'challenge',
    code_challenge_method: 'S256',
    prompt: 'select_account',
  });
  const again = new URL(await authorizer.authorizationUrl({ ...request, loginHint: 'ann@example.com' }));
  expect(again.searchParams.get('login_hint')).toBe('ann@example.com');
  expect(again.searchParams.has('prompt')).toBe(false);
});

describe('a code exchange', () => {
  test('returns the account, the granted scopes and both tokens', async () => {
    const { connect } = await setup();
    const { grant } = await connect({ account: 'bea@example.com' });
    expect(grant).toMatchObject({
      account: { id: expect.stringMatching(/^[0-9a-f-]{36}\.[0-9a-f-]{36}$/), name: 'bea@example.com' },
      credential: { kind: 'oauth', refreshToken: expect.stringMatching(/^M\.C5-/) },
      accessToken: { value: expect.stringMatching(/^EwB-/) },
    });
    expect(grant.scopes).toEqual(expect.arrayContaining([...microsoftScopes.required]));
    const lifetime = Date.parse(grant.accessToken?.expiresAt ?? '') - Date.now();
    expect(lifetime).toBeGreaterThan(3_500_000);
    expect(lifetime).toBeLessThanOrEqual(3_600_000);
  });

  test('returns only the granted scopes', async () => {
    const { connect } = await setup();
    const { grant } = await connect({ grantedScopes: ['offline_access'] });
    expect(microsoftScopes.required.filter((scope) => !grant.scopes.includes(scope))).toEqual([
      'Calendars.ReadWrite',
    ]);
  });

  test('without a refresh token throws reconnect', async () => {
    const { authorizer, consent } = await setup();
    const code = await consent({ grantedScopes: ['Calendars.ReadWrite'] });
    await expect(authorizer.redeem(code, callContext())).rejects.toMatchObject(faultOf('reconnect'));
  });

  testCodeRedemption({
    provider: 'microsoft',
    setup,
    otherProvider: 'zoom',
    reuseError: { vendor: { code: 'AADSTS54005' } },
  });

  test('whose answer is lost has an unknown effect', async () => {
    const { sandbox, authorizer, consent } = await setup();
    const code = await consent();
    sandbox.control.setFault('microsoft', { kind: 'lost_answer', operation: 'token', times: 1 });
    await expect(authorizer.redeem(code, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
  });
});

describe('a refresh', () => {
  test('returns a new refresh token and keeps the old one valid', async () => {
    const { authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    const first = await authorizer.refresh(refreshToken, callContext());
    expect(first.refreshToken).toMatch(/^M\.C5-/);
    expect(first.refreshToken).not.toBe(refreshToken);
    expect(first.scopes).toEqual(expect.arrayContaining([...microsoftScopes.required]));
    expect((await authorizer.refresh(refreshToken, callContext())).accessToken.value).toMatch(/^EwB-/);
    expect((await authorizer.refresh(first.refreshToken ?? '', callContext())).accessToken.value).toMatch(
      /^EwB-/,
    );
  });

  test('of a withdrawn grant throws reconnect', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect({ account: 'bea@example.com' });
    sandbox.control.revokeGrants('microsoft', 'bea@example.com');
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject({
      ...faultOf('reconnect'),
      vendor: { code: 'AADSTS50173', status: 400 },
    });
  });

  test.each([
    ['another secret', { clientSecret: 'wrong' }],
    ['another client', { clientId: 'another-client' }],
  ])('with %s is misconfigured', async (_what, change) => {
    const { sandbox, connect } = await setup();
    const { refreshToken } = await connect();
    const wrong = createMicrosoftAuthorizer({ ...settingsOf(sandbox.url), ...change });
    await expect(wrong.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('misconfigured'));
  });

  test('is not retried after an outage and reports its Retry-After', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    sandbox.control.setFault('microsoft', { kind: 'outage', operation: 'token', retryAfterSeconds: 7 });
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none', delayMs: 7_000 },
    });
    expect(sandbox.control.state().calls.microsoft['token']).toEqual({ 200: 1, 503: 1 });
  });

  test('ends when the caller cancels', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    sandbox.control.setFault('microsoft', { kind: 'latency', operation: 'token', latencyMs: 60_000 });
    const signal = AbortSignal.timeout(50);
    await expect(authorizer.refresh(refreshToken, { signal, correlationId: 'c' })).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none' },
    });
  });

  test.each([
    ['an empty document in place of a token', 500, '{}', { kind: 'retry', effect: 'none' }],
    ['an empty document with status 200', 200, '{}', { kind: 'retry', effect: 'none' }],
    ['a gateway’s error page', 502, '<html>Bad gateway</html>', { kind: 'outage', effect: 'none' }],
    ['an HTML page with status 200', 200, '<html></html>', { kind: 'outage', effect: 'none' }],
  ])('rejects %s as a token', async (_what, status, body, fault) => {
    const authorizer = await answering(status, body);
    await expect(authorizer.refresh('token', callContext())).rejects.toMatchObject({ fault });
  });

  test('that is rate limited reports the delay', async () => {
    const authorizer = await answering(429, '{"error":"temporarily_unavailable"}', { 'retry-after': '9' });
    await expect(authorizer.refresh('token', callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', delayMs: 9_000 },
    });
  });
});

test('revoking a Microsoft grant is unsupported', async () => {
  const { authorizer, connect } = await setup();
  const { refreshToken } = await connect();
  expect(await authorizer.revoke(refreshToken, callContext())).toBe('unsupported');
});

test('the health check of Microsoft passes when only the token is rejected', async () => {
  const { sandbox } = await setup();
  await expect(createMicrosoftCheck(settingsOf(sandbox.url))()).resolves.toBeUndefined();
  const wrong = createMicrosoftCheck({ ...settingsOf(sandbox.url), clientSecret: 'wrong' });
  await expect(wrong()).rejects.toMatchObject(faultOf('misconfigured'));
  sandbox.control.setFault('microsoft', { kind: 'outage' });
  await expect(createMicrosoftCheck(settingsOf(sandbox.url))()).rejects.toMatchObject(faultOf('outage'));
});

testErrorsKeepSecrets({ setup, clientSecret: settingsOf('http://127.0.0.1:1').clientSecret });
