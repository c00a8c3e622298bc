import { describe, expect, test } from 'vitest';
import { fromGoogle, googleTokenErrors } from './errors.ts';

const call = { signal: new AbortController().signal, correlationId: 'corr-1' };
const write = { provider: 'google', name: 'calendar.putEvent', writes: true } as const;

/** An error as the library throws it: https://developers.google.com/workspace/calendar/api/guides/errors */
const thrown = (status: number, reason: string | undefined, message = 'words', retryAfter?: string) =>
  Object.assign(new Error(message), {
    response: {
      status,
      headers: new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
      data: {
        error: { code: status, message, ...(reason ? { errors: [{ domain: 'x', reason, message }] } : {}) },
      },
    },
  });

const tokenAnswer = (status: number, error: string) =>
  Object.assign(new Error(error), {
    response: { status, headers: new Headers(), data: { error, error_description: 'words' } },
  });

const faultOf = (error: unknown) => fromGoogle(write, error, call).fault;

describe('the Calendar API', () => {
  test.each([
    [403, 'rateLimitExceeded', '7', { kind: 'retry_after', delayMs: 7_000 }],
    [403, 'userRateLimitExceeded', undefined, { kind: 'retry', effect: 'none' }],
    [429, 'rateLimitExceeded', '7', { kind: 'retry_after', delayMs: 7_000 }],
    [403, 'quotaExceeded', undefined, { kind: 'quota_exhausted' }],
    [403, 'accessNotConfigured', undefined, { kind: 'misconfigured' }],
    [403, 'insufficientPermissions', undefined, { kind: 'not_permitted' }],
    [403, 'forbiddenForNonOrganizer', undefined, { kind: 'not_permitted' }],
    [400, 'invalid', undefined, { kind: 'rejected_input' }],
    [401, 'authError', undefined, { kind: 'reconnect' }],
    [404, 'notFound', undefined, { kind: 'not_found' }],
    [409, 'duplicate', undefined, { kind: 'conflict' }],
    [410, 'deleted', undefined, { kind: 'not_found' }],
    [412, 'conditionNotMet', undefined, { kind: 'conflict' }],
    [500, 'backendError', undefined, { kind: 'retry', effect: 'unknown' }],
    [503, undefined, undefined, { kind: 'outage', effect: 'unknown' }],
  ])('%i %s', (status, reason, retryAfter, fault) => {
    expect(faultOf(thrown(status, reason, 'words', retryAfter))).toMatchObject(fault);
  });

  test('throws reconnect when the consent lacks the calendar scope', () => {
    const message = 'Request had insufficient authentication scopes.';
    expect(faultOf(thrown(403, 'insufficientPermissions', message))).toEqual({ kind: 'reconnect' });
  });
});

test.each([
  [400, 'invalid_grant', 'reconnect'],
  [400, 'invalid_rapt', 'reconnect'],
  [400, 'admin_policy_enforced', 'reconnect'],
  [401, 'invalid_client', 'misconfigured'],
  [400, 'unauthorized_client', 'misconfigured'],
])('the token endpoint: %i %s is %s', (status, error, kind) => {
  expect(fromGoogle(write, tokenAnswer(status, error), call, googleTokenErrors).fault.kind).toBe(kind);
});

test('a 401 of a gateway at the token endpoint does not disconnect an account', () => {
  const error = Object.assign(new Error('x'), {
    response: { status: 401, headers: new Headers(), data: '<html>Who are you?</html>' },
  });
  expect(fromGoogle(write, error, call, googleTokenErrors).fault.kind).toBe('misconfigured');
});

test('an answer without an error document keeps its status', () => {
  const error = Object.assign(new Error('x'), {
    response: { status: 502, headers: new Headers(), data: '<html>Bad gateway</html>' },
  });
  expect(faultOf(error)).toEqual({ kind: 'outage', effect: 'unknown' });
});

test.each([
  ['ECONNREFUSED', 'none'],
  ['ENOTFOUND', 'none'],
  ['ECONNRESET', 'unknown'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'unknown'],
])('%s leaves the effect %s', (code, effect) => {
  const error = Object.assign(new Error('request failed'), { cause: Object.assign(new Error(), { code }) });
  expect(faultOf(error)).toEqual({ kind: 'outage', effect });
});

/** An error in the form of https://google.aip.dev/193 */
const meetFailure = (code: number, status: string, message = 'words') =>
  Object.assign(new Error(message), {
    response: { status: code, headers: new Headers(), data: { error: { code, status, message } } },
  });

describe('the Meet API', () => {
  test.each([
    [400, 'INVALID_ARGUMENT', undefined, 'rejected_input'],
    [401, 'UNAUTHENTICATED', undefined, 'reconnect'],
    [403, 'PERMISSION_DENIED', 'Request had insufficient authentication scopes.', 'not_permitted'],
    [403, 'PERMISSION_DENIED', 'The caller does not have permission', 'not_permitted'],
    [403, 'PERMISSION_DENIED', 'Google Meet API has not been used in project 1 before', 'misconfigured'],
    [404, 'NOT_FOUND', undefined, 'not_found'],
    [429, 'RESOURCE_EXHAUSTED', undefined, 'retry'],
    [500, 'INTERNAL', undefined, 'retry'],
    [503, 'UNAVAILABLE', undefined, 'outage'],
  ])('%i %s %s is %s', (code, status, message, kind) => {
    expect(faultOf(meetFailure(code, status, message)).kind).toBe(kind);
  });
});
