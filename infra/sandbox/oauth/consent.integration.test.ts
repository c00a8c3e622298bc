import { describe, expect, it, onTestFinished } from 'vitest';
import { callbackOf, submitConsent } from '../../../tests/harness/consent.ts';
import { startSandbox } from '../sandbox.ts';

const vendors = {
  google: { path: '/o/oauth2/v2/auth', clientId: 'sandbox-google-client', scope: 'openid email' },
  microsoft: {
    path: '/common/oauth2/v2.0/authorize',
    clientId: 'sandbox-microsoft-client',
    scope: 'openid offline_access',
  },
  zoom: { path: '/oauth/authorize', clientId: 'sandbox-zoom-user-client', scope: undefined },
} as const;

const setup = async () => {
  const sandbox = await startSandbox();
  onTestFinished(async () => sandbox.close());
  const urlOf = (vendor: keyof typeof vendors, change: Record<string, string | undefined> = {}) => {
    const { path, clientId, scope } = vendors[vendor];
    const parameters = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: callbackOf(vendor),
      scope,
      state: 'state-1',
      ...change,
    };
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(parameters)) if (value !== undefined) query.set(key, value);
    return `${sandbox.url}${path}?${query.toString()}`;
  };
  return { sandbox, urlOf };
};

describe.each(['google', 'microsoft', 'zoom'] as const)('the consent page of %s', (vendor) => {
  it('redirects back with a code and the state', async () => {
    const { urlOf } = await setup();
    const { status, location, back } = await submitConsent(urlOf(vendor));
    expect(status).toBe(303);
    expect(location).toMatch(new RegExp(`^${callbackOf(vendor)}\\?`));
    expect(back).toMatchObject({ code: expect.any(String), state: 'state-1' });
  });

  it('redirects back with access_denied when the person denies', async () => {
    const { urlOf } = await setup();
    const { back } = await submitConsent(urlOf(vendor), { decision: 'deny' });
    expect(back).toMatchObject({ error: 'access_denied', state: 'state-1' });
    expect(back).not.toHaveProperty('code');
  });

  it.each([
    ['an unknown client', { client_id: 'unknown' }],
    ['no client', { client_id: undefined }],
    ['an address on another host', { redirect_uri: 'https://evil.example/v1/connections/google/callback' }],
    ['an address with another path', { redirect_uri: 'http://127.0.0.1:3000/elsewhere' }],
    ['an address with a query', { redirect_uri: `${callbackOf('google')}?more=1` }],
    ['no address', { redirect_uri: undefined }],
  ])('shows an error without redirecting for %s', async (_what, change) => {
    const { urlOf } = await setup();
    const shown = await submitConsent(urlOf(vendor, change));
    expect(shown.location).toBeUndefined();
    expect([400, 401]).toContain(shown.status);
    expect(shown.html).toContain('is not registered');
  });

  it.each([
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['an unknown PKCE method', { code_challenge: 'x', code_challenge_method: 'S1' }, 'invalid_request'],
    ['a PKCE method without a challenge', { code_challenge_method: 'S256' }, 'invalid_request'],
  ])('redirects back with an error for %s', async (_what, change, error) => {
    const { urlOf } = await setup();
    const { back } = await submitConsent(urlOf(vendor, change));
    expect(back).toMatchObject({ error, state: 'state-1' });
  });

  it('accepts only the registered addresses after a registration', async () => {
    const { sandbox, urlOf } = await setup();
    const address = 'https://auditions.example/v1/connections/callback';
    await fetch(`${sandbox.url}/sandbox/oauth/${vendor}/redirects`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ addresses: [address] }),
    });
    expect((await submitConsent(urlOf(vendor, { redirect_uri: address }))).location).toMatch(
      /^https:\/\/auditions/,
    );
    expect((await submitConsent(urlOf(vendor))).location).toBeUndefined();
  });

  it('escapes request parameters and allows no scripts', async () => {
    const { urlOf } = await setup();
    const answer = await fetch(urlOf(vendor, { login_hint: '"><script>alert(1)</script>' }));
    expect(await answer.text()).not.toContain('<script>');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

const post = (url: string, body: object) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const refresh = async (url: string) => {
  const answer = await fetch(`${url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: 'sandbox-google-client',
      client_secret: 'sandbox-google-secret',
      grant_type: 'refresh_token',
      refresh_token: 'sandbox-refresh-ann@example.com',
    }),
  });
  return { status: answer.status, body: Object(await answer.json()) };
};
const userinfoStatus = async (url: string, token: string) =>
  (await fetch(`${url}/oauth2/v3/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status;

describe('the OAuth controls of the sandbox', () => {
  it('expire all access tokens and keep the grants', async () => {
    const { sandbox } = await setup();
    const { body } = await refresh(sandbox.url);
    expect(await userinfoStatus(sandbox.url, body.access_token)).toBe(200);
    expect((await post(`${sandbox.url}/sandbox/oauth/google/expire`, {})).status).toBe(204);
    expect(await userinfoStatus(sandbox.url, body.access_token)).toBe(401);
    expect((await refresh(sandbox.url)).status).toBe(200);
  });

  it('revoke the grants of an account', async () => {
    const { sandbox } = await setup();
    const { body } = await refresh(sandbox.url);
    const answer = await post(`${sandbox.url}/sandbox/oauth/google/revoke`, { account: 'ann@example.com' });
    expect(await answer.json()).toEqual({ revoked: 1 });
    expect(await userinfoStatus(sandbox.url, body.access_token)).toBe(401);
    expect((await refresh(sandbox.url)).body).toMatchObject({ error: 'invalid_grant' });
  });

  it('reject a vendor without a consent page', async () => {
    const { sandbox } = await setup();
    expect((await post(`${sandbox.url}/sandbox/oauth/twilio/expire`, {})).status).toBe(400);
  });
});
