import { describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import {
  consentingUserAt,
  faultAt,
  testCodeRedemption,
  testErrorsKeepSecrets,
  testRevocation,
} from '../../tests/harness/authorizer-suite.ts';
import { callContext } from '../../tests/harness/call-context.ts';
import { callbackOf } from '../../tests/harness/consent.ts';
import { sandboxSettings } from '../../tests/harness/sandbox-settings.ts';
import { createZoomAuthorizer } from './oauth.ts';
import { type ZoomSettings, zoomScopes } from './settings.ts';

const redirectUri = callbackOf('zoom');
const settingsOf = (url: string, userApp?: ZoomSettings['userApp']): ZoomSettings => ({
  ...sandboxSettings(url).zoom,
  userApp,
});
const userApp = { clientId: 'sandbox-zoom-user-client', clientSecret: 'sandbox-zoom-user-secret' };

const authorizerAt = (url: string, app = userApp) => {
  const authorizer = createZoomAuthorizer(settingsOf(url, app));
  if (!authorizer) throw new Error('there is an app');
  return authorizer;
};

const setup = async (clock?: () => number) => {
  const sandbox = await startSandbox({}, clock);
  onTestFinished(async () => sandbox.close());
  const authorizer = authorizerAt(sandbox.url);
  return { sandbox, authorizer, ...consentingUserAt(authorizer) };
};

const faultOf = faultAt('zoom');

test('Zoom accounts cannot be connected without a configured app', () => {
  expect(createZoomAuthorizer(settingsOf('https://zoom.us'))).toBeUndefined();
});

/** The sandbox's app has all of them. */
const allScopes = [...zoomScopes.required, ...zoomScopes.optional];

test('the authorization URL requests a code with PKCE and no scopes', async () => {
  const url = new URL(
    await authorizerAt('https://zoom.us').authorizationUrl({
      state: 's',
      codeChallenge: 'challenge',
      redirectUri,
      scopes: zoomScopes.required,
    }),
  );
  expect(url.origin + url.pathname).toBe('https://zoom.us/oauth/authorize');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: 'sandbox-zoom-user-client',
    redirect_uri: redirectUri,
    state: 's',
    code_challenge: 'challenge',
    code_challenge_method: 'S256',
  });
});

describe('a code exchange', () => {
  test('returns the account, the granted scopes and both tokens', async () => {
    const { connect } = await setup();
    const { grant } = await connect({ account: 'bea@example.com' });
    expect(grant).toMatchObject({
      account: { id: expect.stringMatching(/^[\w-]{22}$/), name: 'bea@example.com' },
      scopes: allScopes,
      credential: { kind: 'oauth', refreshToken: expect.stringMatching(/^sandbox-user-refresh-/) },
      accessToken: { value: expect.stringMatching(/^sandbox-user-/) },
    });
    const lifetime = Date.parse(grant.accessToken?.expiresAt ?? '') - Date.now();
    expect(lifetime).toBeGreaterThan(3_500_000);
    expect(lifetime).toBeLessThanOrEqual(3_600_000);
  });

  test('returns only the granted scopes', async () => {
    const { connect } = await setup();
    const { grant } = await connect({ grantedScopes: ['user:read:user', 'meeting:read:meeting'] });
    expect(grant.scopes).toEqual(['user:read:user', 'meeting:read:meeting']);
  });

  test('without the scope user:read:user throws reconnect', async () => {
    const { authorizer, consent } = await setup();
    const code = await consent({ grantedScopes: ['meeting:read:meeting'] });
    await expect(authorizer.redeem(code, callContext())).rejects.toMatchObject(faultOf('reconnect'));
  });

  testCodeRedemption({ provider: 'zoom', setup, otherProvider: 'google' });
});

describe('a refresh', () => {
  test('returns a new refresh token and invalidates the previous one', async () => {
    const { authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    const first = await authorizer.refresh(refreshToken, callContext());
    expect(first.refreshToken).toMatch(/^sandbox-user-refresh-/);
    expect(first.scopes).toEqual(allScopes);
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('reconnect'));
    await expect(authorizer.refresh(first.refreshToken ?? '', callContext())).resolves.toBeDefined();
  });

  test('whose answer is lost has an unknown effect and costs the token', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    sandbox.control.setFault('zoom', { kind: 'lost_answer', operation: 'token', times: 1 });
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('reconnect'));
  });

  test('that is cancelled before it begins has no effect', async () => {
    const { authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    const call = { signal: AbortSignal.abort(), correlationId: 'c' };
    await expect(authorizer.refresh(refreshToken, call)).rejects.toMatchObject({
      fault: { kind: 'retry', effect: 'none' },
    });
    await expect(authorizer.refresh(refreshToken, callContext())).resolves.toBeDefined();
  });

  test('ends when the caller cancels, with an unknown effect', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    sandbox.control.setFault('zoom', { kind: 'latency', operation: 'token', latencyMs: 60_000 });
    const call = { signal: AbortSignal.timeout(50), correlationId: 'c' };
    await expect(authorizer.refresh(refreshToken, call)).rejects.toMatchObject({
      fault: { kind: 'outage', effect: 'unknown' },
    });
  });

  test('of a withdrawn grant throws reconnect', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect({ account: 'bea@example.com' });
    sandbox.control.revokeGrants('zoom', 'bea@example.com');
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('reconnect'));
  });

  test('with a client that Zoom rejects is misconfigured', async () => {
    const { sandbox, connect } = await setup();
    const { refreshToken } = await connect();
    const wrong = authorizerAt(sandbox.url, { ...userApp, clientSecret: 'wrong' });
    await expect(wrong.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('misconfigured'));
  });

  test('is not retried after an outage', async () => {
    const { sandbox, authorizer, connect } = await setup();
    const { refreshToken } = await connect();
    sandbox.control.setFault('zoom', { kind: 'outage', operation: 'token' });
    await expect(authorizer.refresh(refreshToken, callContext())).rejects.toMatchObject(faultOf('outage'));
    expect(sandbox.control.state().calls.zoom['token']).toEqual({ 200: 1, 503: 1 });
  });
});

describe('a revocation', () => {
  testRevocation({ provider: 'zoom', setup });
});

testErrorsKeepSecrets({ setup, clientSecret: userApp.clientSecret });
