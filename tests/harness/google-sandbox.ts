/** A sandbox per test with the real Google client turned to it. */
import { google } from 'googleapis';
import { expect, onTestFinished } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';

/** Starts a sandbox that ends with the test, and connects `ann@example.com`; `connect` lets others in. */
export const startGoogleSandbox = async (options: SandboxOptions = {}, clock?: () => number) => {
  const sandbox = await startSandbox(options, clock);
  onTestFinished(async () => sandbox.close());
  const connect = (account: string, secret = 'sandbox-google-secret') => {
    const auth = new google.auth.OAuth2({
      clientId: 'sandbox-google-client',
      clientSecret: secret,
      redirectUri: 'http://localhost/callback',
      endpoints: { oauth2TokenUrl: `${sandbox.url}/token`, oauth2RevokeUrl: `${sandbox.url}/revoke` },
    });
    auth.setCredentials({ refresh_token: `sandbox-refresh-${account}` });
    const calendar = google.calendar({ version: 'v3', auth, rootUrl: `${sandbox.url}/`, retry: false });
    return { auth, calendar };
  };
  return { sandbox, connect, ...connect('ann@example.com') };
};

/** What the call was refused with: the status and the first error of Google's envelope. */
export const googleErrorOf = async (call: Promise<unknown>) => {
  const error: unknown = await call.then(
    () => new Error('it was not refused'),
    (refused: unknown) => refused,
  );
  expect(error).toMatchObject({ response: { data: { error: { errors: [{ domain: 'global' }] } } } });
  const { response } = Object(error);
  return { status: response.status, reason: response.data.error.errors[0].reason, data: response.data };
};

/** The body of an event from nine to ten. */
export const eventBody = (id: string, day = '2026-12-01') => ({
  id,
  summary: 'Audition',
  start: { dateTime: `${day}T09:00:00Z` },
  end: { dateTime: `${day}T10:00:00Z` },
});
