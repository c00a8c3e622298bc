import { expect, it } from 'vitest';
import { loadConfiguration } from '../../../providers/configuration.ts';
import { sandboxedVendors, vendorEnvironment } from './sandbox.ts';

it('plays every vendor of which no variable is set', () => {
  expect([...sandboxedVendors({})]).toEqual(['Google', 'Microsoft', 'Zoom', 'Apple', 'Twilio']);
});

it('leaves a vendor alone that is given by its address or its credentials', () => {
  expect([...sandboxedVendors({ GOOGLE_CLIENT_ID: 'real' })]).toEqual([
    'Microsoft',
    'Zoom',
    'Apple',
    'Twilio',
  ]);
  expect([
    ...sandboxedVendors({ ZOOM_API_URL: 'https://api.zoom.us/v2', TWILIO_ACCOUNT_SID: 'AC1' }),
  ]).toEqual(['Google', 'Microsoft', 'Apple']);
});

it('takes an empty variable for one that is not set', () => {
  expect(sandboxedVendors({ GOOGLE_CLIENT_ID: '' }).has('Google')).toBe(true);
});

it.each([
  ['GOOGLE_OAUTH_URL', 'Google'],
  ['GOOGLE_CLIENT_SECRET', 'Google'],
  ['ZOOM_OAUTH_URL', 'Zoom'],
  ['ZOOM_ACCOUNT_ID', 'Zoom'],
  ['ZOOM_OAUTH_CLIENT_ID', 'Zoom'],
  ['MICROSOFT_TENANT_ID', 'Microsoft'],
  ['MICROSOFT_LOGIN_URL', 'Microsoft'],
  ['APPLE_CALDAV_URL', 'Apple'],
  ['TWILIO_AUTH_TOKEN', 'Twilio'],
] as const)('takes %s for a sign of the real %s', (name, vendor) => {
  expect(sandboxedVendors({ [name]: 'given' }).has(vendor)).toBe(false);
});

it('leads to the sandbox for those it plays, and to the vendor for one that is given by its credentials', () => {
  const sandbox = 'http://127.0.0.1:4999';
  const given = { GOOGLE_CLIENT_ID: 'real', GOOGLE_OAUTH_URL: 'https://proxy.example.com' };
  const env = vendorEnvironment(given, sandbox);
  expect(env).toEqual({
    GOOGLE_API_URL: 'https://www.googleapis.com',
    GOOGLE_OAUTH_URL: 'https://proxy.example.com',
    GOOGLE_AUTH_URL: 'https://accounts.google.com',
    MICROSOFT_GRAPH_URL: sandbox,
    MICROSOFT_LOGIN_URL: sandbox,
    ZOOM_API_URL: `${sandbox}/v2`,
    ZOOM_OAUTH_URL: sandbox,
    APPLE_CALDAV_URL: sandbox,
    TWILIO_API_URL: sandbox,
  });
  const { google } = loadConfiguration({
    CASTMATCH_ENV: 'local',
    DATABASE_URL: 'postgres://127.0.0.1/castmatch',
    ...given,
    ...env,
  });
  expect(google).toMatchObject({ apiUrl: 'https://www.googleapis.com', clientId: 'real' });
});

it('leads to every vendor when all are real', () => {
  const given = {
    GOOGLE_CLIENT_ID: 'a',
    MICROSOFT_CLIENT_ID: 'b',
    ZOOM_CLIENT_ID: 'c',
    APPLE_CALDAV_URL: 'https://caldav.icloud.com',
    TWILIO_ACCOUNT_SID: 'd',
  };
  expect(
    Object.values(vendorEnvironment(given, undefined)).filter((url) => url.includes('127.0.0.1')),
  ).toEqual([]);
});
