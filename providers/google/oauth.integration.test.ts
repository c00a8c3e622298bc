import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import {
  consentingUserAt,
  faultAt,
  testCodeRedemption,
  testErrorsKeepSecrets,
  testRevocation,
} from '../../tests/harness/authorizer-suite.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { callbackOf } from '../../tests/harness/consent.ts';
import { calendarEvent, openConnectionWith } from '../../tests/harness/google-calendar.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import type { OAuthAuthorizer } from '../oauth/authorizers.ts';
import { createGoogleCalendar } from './calendar.ts';
import { createGoogleClient } from './client.ts';
import { createGoogleAuthorizer } from './oauth.ts';
import { googleScopes } from './settings.ts';

const redirectUri = callbackOf('google');
const settingsOf = (url: string) => sandboxSettings(url).google;

/** Google's own addresses, for which no discovery is made. */
const atGoogle = {
  ...settingsOf('https://accounts.google.com'),
  oauthUrl: 'https://oauth2.googleapis.com',
};

const askedBy = (authorizer: OAuthAuthorizer, challenge: string) =>
  authorizer.authorizationUrl({
    state: 'state-1',
    codeChallenge: challenge,
    redirectUri,
    scopes: [...authorizer.scopes.required, ...authorizer.scopes.optional],
  });

const setup = async (clock?: () => number, options: SandboxOptions = {}) => {
  const sandbox = await startSandbox(options, clock);
  onTestFinished(async () => sandbox.close());
  const authorizer = createGoogleAuthorizer(settingsOf(sandbox.url));
  const scopes = [...authorizer.scopes.required, ...authorizer.scopes.optional];
  return { sandbox, authorizer, ...consentingUserAt(authorizer, scopes) };
};

const faultOf = faultAt('google');

const userInfo = (sandbox: Sandbox, token: string | undefined) =>
  fetch(`${sandbox.url}/oauth2/v3/userinfo`, { headers: { authorization: `Bearer ${token}` } });

describe('the authorization URL', () => {
  test('requests a code with PKCE, a refresh token and the scopes granted before', async () => {
    const authorizer = createGoogleAuthorizer(atGoogle);
    const url = new URL(await askedBy(authorizer, 'challenge'));
    expect(url.origin + url.pathname).toBe('https://accounts.google.com/o/oauth2/v2/auth');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'sandbox-google-client',
      redirect_uri: redirectUri,
      scope: [...googleScopes.required, ...googleScopes.optional].join(' '),
      state: 'state-1',
      code_challenge: 'challenge',
      code_challenge_method: 'S256',
      access_type: 'offline',
      include_granted_scopes: 'true',
      prompt: 'select_account consent',
    });
  });

  test('names the account that is connected again', async () => {
    const authorizer = createGoogleAuthorizer(atGoogle);
    const request = { state: 's', codeChallenge: 'c', redirectUri, scopes: ['openid'] };
    const url = new URL(await authorizer.authorizationUrl({ ...request, loginHint: 'ann@example.com' }));
    expect(url.searchParams.get('login_hint')).toBe('ann@example.com');
    expect(url.searchParams.get('prompt')).toBe('consent');
  });
});

describe('a code exchange', () => {
  test('returns the account, the granted scopes and both tokens', async () => {
    const { sandbox, connect } = await setup();
    const { grant } = await connect({ account: 'bea@example.com' });
    expect(grant).toMatchObject({
      account: { id: expect.stringMatching(/^\d{10,}$/), name: 'bea@example.com' },
      credential: { kind: 'oauth', refreshToken: expect.stringMatching(/^1\/\//) },
    });
    expect([...grant.scopes].toSorted()).toEqual(
      [...googleScopes.required, ...googleScopes.optional].toSorted(),
    );
    const lifetime = Date.parse(grant.accessToken?.expiresAt ?? '') - Date.now();
    expect(lifetime).toBeGreaterThan(3_500_000);
    expect(lifetime).toBeLessThanOrEqual(3_600_000);
    expect((await userInfo(sandbox, grant.accessToken?.value)).status).toBe(200);
  });

  test.each([
    ['a Workspace', 'bea@example.com', false],
    ['Gmail', 'bea@gmail.com', true],
    ['a person with an address elsewhere', 'bea@mail.example', true],
  ])('tells whether the account of %s is a personal one', async (_, account, isPersonal) => {
    const { connect } = await setup(undefined, { google: { personalAccounts: ['bea@mail.example'] } });
    const { grant } = await connect({ account });
    expect(grant.account).toMatchObject({ name: account, isPersonal });
  });

  test('returns only the granted scopes', async () => {
    const { connect } = await setup();
    const [, , events] = googleScopes.required;
    const { grant } = await connect({ grantedScopes: [events ?? ''] });
    const missing = googleScopes.required.filter((scope) => !grant.scopes.includes(scope));
    expect(missing).toEqual(['https://www.googleapis.com/auth/calendar.freebusy']);
  });

  test('without a required scope marks the connection at the first call', async () => {
    const { sandbox, connect } = await setup();
    const { refreshToken } = await connect({ grantedScopes: [] });
    const settings = settingsOf(sandbox.url);
    const connection = openConnectionWith(settings, refreshToken);
    const put = () =>
      createGoogleCalendar(createGoogleClient(settings)).putEvent(connection, calendarEvent(), callContext());
    await expect(put()).rejects.toMatchObject({ ...faultOf('reconnect'), vendor: { status: 403 } });
    await expect(put()).rejects.toMatchObject({
      ...faultOf('reconnect'),
      vendor: { code: 'scopes_missing' },
    });
    expect(sandbox.control.state().calls.google['events.insert']).toEqual({ 403: 1 });
  });

  test('returns the scopes included in a wider scope of an earlier consent', async () => {
    const { authorizer, connect } = await setup();
    await authorizer.refresh('sandbox-refresh-ann@example.com', callContext());
    const { grant } = await connect({ account: 'ann@example.com', grantedScopes: [] });
    expect(grant.scopes).toEqual(expect.arrayContaining([...googleScopes.required]));
  });

  testCodeRedemption({ provider: 'google', setup, otherProvider: 'zoom' });

  test('with a code older than ten minutes is rejected input', async () => {
    let now = Date.parse('2026-12-01T09:00:00Z');
    const { authorizer, consent } = await setup(() => now);
    const code = await consent();
    now += 600_000;
    await expect(authorizer.redeem(code, callContext())).rejects.toMatchObject(faultOf('rejected_input'));
  });

  test('whose answer is lost has an unknown effect', async () => {
    const { sandbox, authorizer, consent } = await setup();
    const code = await consent();
    sandbox.control.setFault('google', { kind: 'lost_answer', operation: 'token', times: 1 });
    await expect(authorizer.redeem(code, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
  });
});

describe('a refresh', () => {
  test('returns a new access token and keeps the refresh token', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { grant, refreshToken } = await connect();
    const refreshed = await authorizer.refresh(refreshToken, callContext());
    expect(refreshed.refreshToken).toBeUndefined();
    expect(refreshed.accessToken.value).not.toBe(grant.accessToken?.value);
    expect(refreshed.scopes).toEqual(grant.scopes);
    expect((await userInfo(sandbox, refreshed.accessToken.value)).status).toBe(200);
  });

  test('of a withdrawn grant throws reconnect', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect({ account: 'bea@example.com' });
    expect(sandbox.control.revokeGrants('google', 'bea@example.com')).toBe(1);
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('reconnect'));
  });

  test('with a client that Google rejects is misconfigured', async () => {
    const { sandbox, connect } = await setup();
    const { refreshToken } = await connect();
    const wrong = createGoogleAuthorizer({ ...settingsOf(sandbox.url), clientSecret: 'wrong' });
    await expect(wrong.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('misconfigured'));
  });

  test('is not retried after an outage', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    sandbox.control.setFault('google', { kind: 'outage', operation: 'token', retryAfterSeconds: 7 });
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'none', delayMs: 7_000 },
    });
    expect(sandbox.control.state().calls.google['token']).toEqual({ 200: 1, 503: 1 });
  });

  test('ends when the caller cancels', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const authorizer = createGoogleAuthorizer(settingsOf(`http://127.0.0.1:${port}`));
    const controller = new AbortController();
    silent.once('connection', (socket) => {
      onTestFinished(() => void socket.destroy());
      controller.abort();
    });
    const refreshing = authorizer.refresh('token', { signal: controller.signal, correlationId: 'c' });
    await expect(refreshing).rejects.toMatchObject({ fault: { kind: 'retry', effect: 'none' } });
  });
});

describe('a revocation', () => {
  testRevocation({ provider: 'google', setup });
});

testErrorsKeepSecrets({ setup, clientSecret: settingsOf('http://127.0.0.1:1').clientSecret });
