import { describe, expect, it } from 'vitest';
import { googleErrorOf, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';

const primary = { calendarId: 'primary' };

describe('OAuth of the Google sandbox', () => {
  it('issues an access token for a refresh token and creates the account’s calendar', async () => {
    const { calendar } = await startGoogleSandbox();
    const { data } = await calendar.calendarList.list();
    expect(data.items).toEqual([expect.objectContaining({ id: 'ann@example.com', primary: true })]);
  });

  it('rejects an unknown refresh token with invalid_grant', async () => {
    const { auth } = await startGoogleSandbox();
    auth.setCredentials({ refresh_token: 'made-up' });
    await expect(auth.getAccessToken()).rejects.toMatchObject({
      response: { status: 400, data: { error: 'invalid_grant', error_description: 'Bad Request' } },
    });
  });

  it('rejects a wrong client secret with invalid_client', async () => {
    const { connect } = await startGoogleSandbox();
    const { auth } = connect('ann@example.com', 'wrong');
    await expect(auth.getAccessToken()).rejects.toMatchObject({
      response: { status: 401, data: { error: 'invalid_client' } },
    });
  });

  it('accepts client credentials as Basic authorization', async () => {
    const { sandbox } = await startGoogleSandbox();
    const answer = await fetch(`${sandbox.url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('sandbox-google-client:sandbox-google-secret')}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'sandbox-refresh-ann' }),
    });
    expect(await answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3599 });
  });

  it('invalidates all access tokens when the refresh token is revoked', async () => {
    const { auth, calendar } = await startGoogleSandbox();
    await calendar.events.list(primary);
    await auth.revokeToken('sandbox-refresh-ann@example.com');
    auth.setCredentials({ access_token: auth.credentials.access_token ?? null });
    expect(await googleErrorOf(calendar.events.list(primary))).toMatchObject({
      status: 401,
      reason: 'authError',
    });
    auth.setCredentials({ refresh_token: 'sandbox-refresh-ann@example.com' });
    await expect(auth.getAccessToken()).rejects.toMatchObject({
      response: { data: { error_description: 'Token has been expired or revoked.' } },
    });
  });

  it('expires access tokens after one hour', async () => {
    let now = Date.parse('2026-12-01T08:00:00Z');
    const { auth, calendar } = await startGoogleSandbox({}, () => now);
    const { token } = await auth.getAccessToken();
    auth.setCredentials({ access_token: token ?? null });
    await calendar.events.list(primary);
    now += 3600_000;
    expect(await googleErrorOf(calendar.events.list(primary))).toMatchObject({ status: 401 });
  });
});
