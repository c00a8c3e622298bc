import { expect, test, vi } from 'vitest';
import {
  zoomCodeErrors,
  zoomConnectionErrors,
  zoomError,
  zoomErrors,
  zoomRefreshErrors,
  zoomTokenErrors,
} from './errors.ts';

const write = { provider: 'zoom', name: 'meetings.create', writes: true } as const;
const answer = (status: number, body: unknown, retryAfter?: string) => ({ status, body, retryAfter });

test.each([
  [400, { code: 300, message: 'Validation Failed.' }, { kind: 'rejected_input' }],
  [400, { code: 200, message: 'No permission.' }, { kind: 'not_permitted' }],
  [400, { code: 4711, message: 'Invalid access token, does not contain scopes' }, { kind: 'misconfigured' }],
  [401, { code: 124, message: 'Invalid access token.' }, { kind: 'misconfigured' }],
  [404, { code: 1001, message: 'User does not exist' }, { kind: 'misconfigured' }],
  [404, { code: 3001, message: 'Meeting does not exist' }, { kind: 'not_found' }],
  [400, { code: 3001, message: 'Meeting 123 is not found or has expired.' }, { kind: 'not_found' }],
  [
    400,
    { code: 3002, message: 'Sorry, you cannot delete this meeting since it is in progress.' },
    { kind: 'retry', effect: 'none' },
  ],
  [
    400,
    { code: 3007, message: 'Sorry, you cannot delete this meeting since it has ended.' },
    { kind: 'not_found' },
  ],
  [500, undefined, { kind: 'retry', effect: 'unknown' }],
  [503, { code: 5000, message: 'down' }, { kind: 'outage', effect: 'unknown' }],
])('%i %o', (status, body, fault) => {
  expect(zoomError(zoomErrors, write, answer(status, body)).fault).toEqual(fault);
});

/** The messages of https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings */
const badHosts = [
  [
    'a lapsed license',
    400,
    { code: 3161, message: 'Your user account is not allowed meeting hosting and scheduling capabilities.' },
    ['3161', 'not_permitted', 'not_permitted'],
  ],
  [
    'an unknown or deactivated user',
    404,
    { code: 1001, message: 'User does not exist: a@example.com.' },
    ['1001', 'misconfigured', 'reconnect'],
  ],
  [
    'a user of another account',
    400,
    { code: 1010, message: 'User does not belong to this account: abc.' },
    ['1010', 'misconfigured', 'reconnect'],
  ],
  [
    'a passcode that the account forbids',
    400,
    { code: 300, message: 'Validation Failed.', errors: [{ field: 'password', message: 'Invalid field.' }] },
    ['300/password', 'rejected_input', 'rejected_input'],
  ],
  [
    'an alternative host who is not licensed',
    400,
    { code: 300, message: 'Validation Failed.', errors: [{ field: 'settings.alternative_hosts' }] },
    ['300/settings.alternative_hosts', 'rejected_input', 'rejected_input'],
  ],
  [
    'several rejected fields',
    400,
    { code: 300, message: 'Validation Failed.', errors: [{ field: 'password' }, { field: 'topic' }] },
    ['300', 'rejected_input', 'rejected_input'],
  ],
  [
    'a rejected token',
    401,
    { code: 124, message: 'Invalid access token.' },
    ['124', 'misconfigured', 'reconnect'],
  ],
  [
    'a missing scope',
    400,
    { code: 4711, message: 'Invalid access token, does not contain scopes:[meeting:write:meeting].' },
    ['4711', 'misconfigured', 'reconnect'],
  ],
] as const;

test.each(badHosts)('%s has a code of its own', (_what, status, body, [code, ofService, ofConnection]) => {
  const service = zoomError(zoomErrors, write, answer(status, body));
  expect(service).toMatchObject({ fault: { kind: ofService }, vendor: { code } });
  const connected = zoomError(zoomConnectionErrors, write, answer(status, body));
  expect(connected).toMatchObject({ fault: { kind: ofConnection }, vendor: { code } });
});

test('a rate limit reports its delay from seconds or a timestamp', () => {
  vi.useFakeTimers({ now: Date.parse('2026-05-31T00:00:00Z'), toFake: ['Date'] });
  try {
    const limited = { code: 429, message: 'You have reached the maximum per-second rate limit.' };
    const fault = (retryAfter: string) =>
      zoomError(zoomErrors, write, answer(429, limited, retryAfter)).fault;
    expect(fault('2')).toEqual({ kind: 'retry_after', delayMs: 2_000 });
    expect(fault('2026-05-31T00:00:05Z')).toEqual({ kind: 'retry_after', delayMs: 5_000 });
  } finally {
    vi.useRealTimers();
  }
});

test('the daily limit of a host lasts until midnight UTC, even when a header differs', () => {
  vi.useFakeTimers({ now: Date.parse('2026-10-25T23:59:00Z'), toFake: ['Date'] });
  try {
    const message = 'You have exceeded the daily rate limit (100) of Meeting Create/Update API requests';
    const { fault } = zoomError(zoomErrors, write, answer(429, { code: 429, message }, '1'));
    expect(fault).toEqual({ kind: 'quota_exhausted', untilMs: Date.parse('2026-10-26T00:00:00Z') });
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  [400, { reason: 'Invalid client_id or client_secret', error: 'invalid_client' }, 'misconfigured'],
  [401, { reason: 'Bad request', error: 'unsupported_grant_type' }, 'misconfigured'],
  [503, undefined, 'outage'],
])('the token endpoint: %i %o is %s', (status, body, kind) => {
  expect(zoomError(zoomTokenErrors, write, answer(status, body)).fault.kind).toBe(kind);
});

/** Examples from raycast/extensions#10896, Jericho/ZoomNet#36 and Zoom's list of messages. */
test.each([
  [400, { reason: 'Invalid Token!', error: 'invalid_grant' }, 'reconnect'],
  [401, { reason: 'Invalid Token!', error: 'invalid_request' }, 'reconnect'],
  [400, { reason: 'Refresh token invalid.', error: 'invalid_request' }, 'reconnect'],
  [400, { error: 'invalid_grant' }, 'reconnect'],
  [400, { reason: 'Invalid client_id or client_secret', error: 'invalid_client' }, 'misconfigured'],
  [400, { reason: 'The app has been disabled', error: 'invalid_request' }, 'misconfigured'],
  [429, undefined, 'retry'],
  [503, undefined, 'outage'],
])('a refresh for a person: %i %o is %s', (status, body, kind) => {
  expect(zoomError(zoomRefreshErrors, write, answer(status, body)).fault.kind).toBe(kind);
});

test.each([
  [400, { reason: 'Invalid authorization code abc', error: 'invalid_request' }, 'rejected_input'],
  [400, { reason: 'Invalid code verifier', error: 'invalid_grant' }, 'rejected_input'],
  [400, { reason: 'Redirect URI mismatch.', error: 'invalid_request' }, 'misconfigured'],
  [401, { reason: 'Invalid client_id or client_secret', error: 'invalid_client' }, 'misconfigured'],
])('a code of a person: %i %o is %s', (status, body, kind) => {
  expect(zoomError(zoomCodeErrors, write, answer(status, body)).fault.kind).toBe(kind);
});
