import { describe, expect, it } from 'vitest';
import { operationOf } from '../operations.ts';
import {
  graphError,
  isAccessDenied,
  isExpiredLink,
  ownCalendarErrors,
  thrownFailure,
} from './graph-errors.ts';
import { createOrGetErrors, explained, onlineMeetingErrors } from './meeting-errors.ts';

const put = operationOf('microsoft', 'calendar.putEvent');

describe('an error of Graph', () => {
  it.each([
    [429, 'ApplicationThrottled', { kind: 'retry_after', delayMs: 5_000 }],
    [429, 'TooManyRequests', { kind: 'retry_after', delayMs: 5_000 }],
    [503, 'ErrorServerBusy', { kind: 'retry_after', delayMs: 5_000 }],
    [503, 'ErrorMailboxStoreUnavailable', { kind: 'retry', effect: 'unknown', delayMs: 5_000 }],
    [503, 'ServiceUnavailable', { kind: 'outage', effect: 'unknown', delayMs: 5_000 }],
    [504, undefined, { kind: 'outage', effect: 'unknown', delayMs: 5_000 }],
    [500, 'ErrorInternalServerError', { kind: 'retry', effect: 'unknown', delayMs: 5_000 }],
    [507, 'ErrorQuotaExceeded', { kind: 'quota_exhausted' }],
    [401, 'InvalidAuthenticationToken', { kind: 'reconnect' }],
    [403, 'ErrorAccessDenied', { kind: 'not_permitted' }],
    [404, 'MailboxNotEnabledForRESTAPI', { kind: 'not_permitted' }],
    [404, 'ErrorItemNotFound', { kind: 'not_found' }],
    [400, 'ErrorInvalidIdMalformed', { kind: 'not_found' }],
    [410, 'SyncStateNotFound', { kind: 'not_found' }],
    [410, 'resyncRequired', { kind: 'not_found' }],
    [412, 'ErrorIrresolvableConflict', { kind: 'conflict' }],
    [409, 'ErrorIrresolvableConflict', { kind: 'conflict' }],
    [400, 'ErrorDuplicateTransactionId', { kind: 'conflict' }],
    [400, 'ErrorPropertyValidationFailure', { kind: 'rejected_input' }],
  ] as const)('%i %s has the fault %o', (status, code, fault) => {
    expect(graphError(put, { status, code, message: '', retryAfter: '5' }).fault).toMatchObject(fault);
  });

  it('of a throttled call without Retry-After had no effect', () => {
    const failure = { status: 429, code: 'ApplicationThrottled', message: '' };
    expect(graphError(put, failure).fault).toEqual({ kind: 'retry', effect: 'none' });
  });

  it.each([
    [410, undefined, true],
    [410, 'SyncStateNotFound', true],
    [400, 'syncStateNotFound', true],
    [400, 'resyncRequired', true],
    [404, 'ErrorItemNotFound', false],
    [503, 'ServiceUnavailable', false],
  ] as const)('%i %s tells whether the link of a change query has expired: %s', (status, code, expected) => {
    expect(isExpiredLink({ status, code })).toBe(expected);
  });

  it('that denies access to the own calendar asks for another consent', () => {
    const denied = { status: 403, code: 'ErrorAccessDenied', message: '' };
    expect(isAccessDenied(denied)).toBe(true);
    expect(isAccessDenied({ ...denied, code: 'ErrorQuotaExceeded' })).toBe(false);
    expect(graphError(put, denied, ownCalendarErrors).fault).toEqual({ kind: 'reconnect' });
  });

  it('without an error document has the status and Retry-After of the answer', () => {
    const response = new Response('<html>', { status: 502, headers: { 'retry-after': '2' } });
    expect(thrownFailure('<html>', response)).toEqual({
      status: 502,
      code: undefined,
      message: 'the answer has no error document',
      retryAfter: '2',
    });
  });
});

describe('an error of a Teams meeting', () => {
  const create = operationOf('microsoft', 'meetings.create');
  it.each([
    [429, 'TooManyRequests', '', { kind: 'retry_after', delayMs: 5_000 }],
    [429, 'activityLimitReached', '', { kind: 'retry_after', delayMs: 5_000 }],
    [
      401,
      'InvalidAuthenticationToken',
      'Continuous access evaluation resulted in challenge',
      { kind: 'reconnect' },
    ],
    [401, 'UnknownError', '', { kind: 'not_permitted' }],
    [403, 'Forbidden', '', { kind: 'not_permitted' }],
    [404, 'NotFound', '', { kind: 'not_found' }],
    [400, 'BadRequest', 'Invalid meeting id x.', { kind: 'not_found' }],
    [400, 'BadRequest', 'StartTime is required', { kind: 'rejected_input' }],
    [409, 'Conflict', '', { kind: 'conflict' }],
    [500, 'InternalServerError', '', { kind: 'retry', effect: 'unknown' }],
    [503, 'ServiceUnavailable', '', { kind: 'outage', effect: 'unknown', delayMs: 5_000 }],
    [undefined, 'no_host', '', { kind: 'not_permitted' }],
    [undefined, 'scope_missing', '', { kind: 'reconnect' }],
    [undefined, 'report_scope_missing', '', { kind: 'not_permitted' }],
    [undefined, 'meeting_without_link', '', { kind: 'retry', effect: 'unknown' }],
    [undefined, 'meeting_vanished', '', { kind: 'retry', effect: 'unknown' }],
    [undefined, 'external_ids_used_up', '', { kind: 'conflict' }],
    [undefined, 'too_many_reports', '', { kind: 'not_permitted' }],
  ] as const)('%s %s "%s" has the fault %o', (status, code, message, fault) => {
    const failure = { status, code, message, retryAfter: '5' };
    expect(graphError(create, failure, onlineMeetingErrors).fault).toMatchObject(fault);
  });

  it.each([
    [401, 'personal_account'],
    [403, 'teams_not_allowed'],
    [404, 'teams_not_allowed'],
  ] as const)('%i of a creation says what to do', (status, code) => {
    const refused = graphError(create, { status, code: 'Forbidden', message: '' }, createOrGetErrors);
    expect(explained(refused)).toMatchObject({
      fault: { kind: 'not_permitted' },
      vendor: { status, code, message: expect.stringContaining('as the host') },
    });
  });

  it('of another kind stays as it is', () => {
    const missing = graphError(
      create,
      { status: 404, code: 'NotFound', message: 'gone' },
      onlineMeetingErrors,
    );
    expect(explained(missing)).toBe(missing);
  });
});
