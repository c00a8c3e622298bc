/** Returns Google's client library for an account of a running sandbox. */
export const connectToSandbox = (url: string, account: string, secret = 'sandbox-google-secret') => {
  const auth = new google.auth.OAuth2({
    clientId: 'sandbox-google-client',
    clientSecret: secret,
    redirectUri: 'http://localhost/callback',
    endpoints: { oauth2TokenUrl: `${url}/token`, oauth2RevokeUrl: `${url}/revoke` },
  });
  auth.setCredentials({ refresh_token: `sandbox-refresh-${account}` });
  return { auth, calendar: google.calendar({ version: 'v3', auth, rootUrl: `${url}/`, retry: false }) };
};

/** Starts a sandbox for one test, with Google's client library configured for it. */
import { google } from 'googleapis';
import { expect, onTestFinished } from 'vitest';
import { startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';

/** Starts a sandbox that stops with the test, and connects `ann@example.com`. `connect` connects other accounts. */
export const startGoogleSandbox = async (options: SandboxOptions = {}, clock?: () => number) => {
  const sandbox = await startSandbox(options, clock);
  onTestFinished(async () => sandbox.close());
  const connect = (account: string, secret?: string) => connectToSandbox(sandbox.url, account, secret);
  return { sandbox, connect, ...connect('ann@example.com') };
};

/** Returns the status and the first error of a call that Google rejects. */
export const googleErrorOf = async (call: Promise<unknown>) => {
  const error: unknown = await call.then(
    () => new Error('expected the call to be rejected; it succeeded'),
    (refused: unknown) => refused,
  );
  expect(error).toMatchObject({
    response: { data: { error: { errors: [{ domain: expect.stringMatching(/^(global|calendar)$/) }] } } },
  });
  const { response } = Object(error);
  return { status: response.status, reason: response.data.error.errors[0].reason, data: response.data };
};

/** Returns the body of an event from nine to ten. */
export const eventBody = (id: string, day = '2026-12-01') => ({
  id,
  summary: 'Audition',
  start: { dateTime: `${day}T09:00:00Z` },
  end: { dateTime: `${day}T10:00:00Z` },
});
