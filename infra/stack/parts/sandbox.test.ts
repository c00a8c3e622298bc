import { expect, it } from 'vitest';
import { loadConfiguration } from '../../../providers/configuration.ts';
import { sandboxedVendors, vendorEnvironment } from './sandbox.ts';

it('sandboxedVendors returns each vendor without a variable', () => {
  expect([...sandboxedVendors({})]).toEqual(['Google', 'Microsoft', 'Zoom', 'Apple', 'Twilio']);
});

it('sandboxedVendors omits a vendor with an address or credentials', () => {
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

it('sandboxedVendors treats an empty variable as not set', () => {
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
] as const)('sandboxedVendors treats %s as a setting of the real %s', (name, vendor) => {
  expect(sandboxedVendors({ [name]: 'set' }).has(vendor)).toBe(false);
});

it('vendorEnvironment uses the sandbox, and the vendor’s own address when credentials are set', () => {
  const sandbox = 'http://127.0.0.1:4999';
  const shellEnv = { GOOGLE_CLIENT_ID: 'real', GOOGLE_OAUTH_URL: 'https://proxy.example.com' };
  const env = vendorEnvironment(shellEnv, sandbox);
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
    ...shellEnv,
    ...env,
  });
  expect(google).toMatchObject({ apiUrl: 'https://www.googleapis.com', clientId: 'real' });
});

it('vendorEnvironment uses the addresses of all vendors when each has settings', () => {
  const shellEnv = {
    GOOGLE_CLIENT_ID: 'a',
    MICROSOFT_CLIENT_ID: 'b',
    ZOOM_CLIENT_ID: 'c',
    APPLE_CALDAV_URL: 'https://caldav.icloud.com',
    TWILIO_ACCOUNT_SID: 'd',
  };
  expect(
    Object.values(vendorEnvironment(shellEnv, undefined)).filter((url) => url.includes('127.0.0.1')),
  ).toEqual([]);
});
