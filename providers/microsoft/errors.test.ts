import { describe, expect, test } from 'vitest';
import { microsoftCodeErrors, microsoftError, microsoftRefreshErrors } from './errors.ts';

/** Examples of https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const answer = (error: string, number: number, suberror?: string, status = 400) => ({
  status,
  retryAfter: undefined,
  body: {
    error,
    error_description: `AADSTS${number}: Words. Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333 Correlation ID: aaaa0000-bb11-2222-33cc-444444dddddd Timestamp: 2026-11-09 02:02:12Z`,
    error_codes: [number],
    timestamp: '2026-11-09 02:02:12Z',
    ...(suberror && { suberror }),
  },
});

const refresh = { provider: 'microsoft', name: 'oauth.refresh', writes: false } as const;

test.each([
  ['invalid_grant', 700082, undefined, 'reconnect'],
  ['invalid_grant', 70008, undefined, 'reconnect'],
  ['invalid_grant', 700084, undefined, 'reconnect'],
  ['invalid_grant', 50173, 'bad_token', 'reconnect'],
  ['invalid_grant', 65001, 'consent_required', 'reconnect'],
  ['invalid_grant', 50076, 'basic_action', 'reconnect'],
  ['interaction_required', 50079, undefined, 'reconnect'],
  ['interaction_required', 53003, 'message_only', 'reconnect'],
  ['login_required', 50058, undefined, 'reconnect'],
  ['invalid_client', 7000215, undefined, 'misconfigured'],
  ['invalid_client', 7000222, undefined, 'misconfigured'],
  ['unauthorized_client', 700016, undefined, 'misconfigured'],
  ['unauthorized_client', 7000112, undefined, 'reconnect'],
  ['invalid_request', 90002, undefined, 'reconnect'],
  ['invalid_scope', 70011, undefined, 'misconfigured'],
  ['temporarily_unavailable', 90033, undefined, 'outage'],
  ['server_error', 50000, undefined, 'retry'],
  ['invalid_request', 900144, undefined, 'rejected_input'],
])('a refresh: %s %i %s is %s', (error, number, suberror, kind) => {
  const table = microsoftRefreshErrors(false);
  expect(microsoftError(refresh, answer(error, number, suberror), table).fault.kind).toBe(kind);
});

test.each([
  ['unauthorized_client', 700016],
  ['unauthorized_client', 650051],
  ['unauthorized_client', 90099],
  ['invalid_resource', 500011],
  ['invalid_resource', 500014],
  ['invalid_client', 650052],
  ['invalid_request', 50128],
])('a refresh with an app that other tenants know: %s %i is reconnect', (error, number) => {
  const table = microsoftRefreshErrors(true);
  expect(microsoftError(refresh, answer(error, number), table).fault.kind).toBe('reconnect');
});

test.each([
  ['invalid_client', 7000215],
  ['invalid_client', 7000222],
  ['invalid_scope', 70011],
])('a refresh with an app that other tenants know: %s %i is misconfigured', (error, number) => {
  const table = microsoftRefreshErrors(true);
  expect(microsoftError(refresh, answer(error, number), table).fault.kind).toBe('misconfigured');
});

test('a 401 of a gateway at the token endpoint does not disconnect an account', () => {
  const gateway = { status: 401, retryAfter: undefined, body: undefined };
  expect(microsoftError(refresh, gateway).fault.kind).toBe('misconfigured');
});

describe('a code exchange', () => {
  test.each([
    ['invalid_grant', 54005, undefined, 'rejected_input'],
    ['invalid_grant', 70008, undefined, 'rejected_input'],
    ['invalid_grant', 501481, undefined, 'rejected_input'],
    ['invalid_grant', 65001, 'consent_required', 'reconnect'],
    ['invalid_grant', 70000, undefined, 'rejected_input'],
    ['invalid_request', 50011, undefined, 'misconfigured'],
    ['invalid_client', 7000215, undefined, 'misconfigured'],
    ['unauthorized_client', 700016, undefined, 'misconfigured'],
  ])('%s %i %s is %s', (error, number, suberror, kind) => {
    const code = { provider: 'microsoft', name: 'oauth.redeem', writes: true } as const;
    expect(microsoftError(code, answer(error, number, suberror), microsoftCodeErrors).fault.kind).toBe(kind);
  });
});

test('the error of Microsoft keeps the AADSTS number', () => {
  expect(microsoftError(refresh, answer('invalid_client', 7000222)).vendor).toMatchObject({
    status: 400,
    code: 'AADSTS7000222',
    message: expect.stringMatching(/^invalid_client: /),
  });
});

test('an answer without an error document keeps its status', () => {
  const page = { status: 503, retryAfter: '3', body: undefined };
  expect(microsoftError(refresh, page).fault).toEqual({ kind: 'outage', effect: 'none', delayMs: 3_000 });
});
