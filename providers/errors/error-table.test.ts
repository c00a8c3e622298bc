import { describe, expect, test } from 'vitest';
import { type ErrorRow, faultOf, gatewayRows, httpRows, providerError } from './error-table.ts';

const read = { provider: 'twilio', name: 'things.read', writes: false } as const;
const write = { provider: 'twilio', name: 'things.write', writes: true } as const;
const now = Date.parse('2026-03-29T00:30:00.000Z');

describe('faultOf', () => {
  test('uses the first matching row', () => {
    const table: readonly ErrorRow[] = [
      { status: 429, messagePattern: /daily/, fault: 'quota_exhausted', until: 'next_utc_day' },
      ...httpRows,
    ];
    expect(faultOf(table, { status: 429, message: 'the daily limit' }, write, now)).toEqual({
      kind: 'quota_exhausted',
      untilMs: Date.parse('2026-03-30T00:00:00.000Z'),
    });
    expect(faultOf(table, { status: 429, message: 'slow down', retryAfter: '3' }, write, now)).toEqual({
      kind: 'retry_after',
      delayMs: 3_000,
    });
  });

  test.each([404, 410])('takes %i for an answer of the vendor only when it has a code', (status) => {
    const table = [...gatewayRows, ...httpRows];
    expect(faultOf(table, { status, message: '' }, write)).toEqual({ kind: 'outage', effect: 'unknown' });
    expect(faultOf(table, { status, code: 'gone', message: '' }, write)).toEqual({ kind: 'not_found' });
  });

  test('maps a rate limit without Retry-After to a retry', () => {
    expect(faultOf(httpRows, { status: 429, message: '' }, write)).toEqual({ kind: 'retry', effect: 'none' });
  });

  test('leaves the effect unknown only for an operation that writes', () => {
    const failure = { status: 503, message: '' };
    expect(faultOf(httpRows, failure, write)).toEqual({ kind: 'outage', effect: 'unknown' });
    expect(faultOf(httpRows, failure, read)).toEqual({ kind: 'outage', effect: 'none' });
  });

  test('uses the effect of a row that excludes one', () => {
    const table: readonly ErrorRow[] = [{ status: 421, fault: 'outage', effect: 'none' }];
    expect(faultOf(table, { status: 421, message: '' }, write)).toEqual({ kind: 'outage', effect: 'none' });
  });

  test('maps an answer without a row to an outage with an unknown effect', () => {
    expect(faultOf([], { status: 302, message: '' }, write)).toEqual({ kind: 'outage', effect: 'unknown' });
  });

  test.each([
    [400, 'rejected_input'],
    [401, 'reconnect'],
    [403, 'not_permitted'],
    [404, 'not_found'],
    [409, 'conflict'],
    [410, 'not_found'],
    [412, 'conflict'],
    [422, 'rejected_input'],
    [500, 'retry'],
    [502, 'outage'],
    [504, 'outage'],
  ])('maps a plain %i to %s', (status, kind) => {
    expect(faultOf(httpRows, { status, message: '' }, write).kind).toBe(kind);
  });
});

test('a ProviderError has the redacted vendor message and no vendor error object', () => {
  const error = providerError(
    write,
    { kind: 'rejected_input' },
    { status: 400, code: '21211', message: "The 'To' number +33 6 12 34 56 78 is not a valid phone number." },
  );
  expect(error.vendor).toEqual({
    status: 400,
    code: '21211',
    message: "The 'To' number [number] is not a valid phone number.",
  });
  expect(error.cause).toBeUndefined();
});
