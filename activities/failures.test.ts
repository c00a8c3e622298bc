import { inspect } from 'node:util';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DrizzleQueryError } from 'drizzle-orm';
import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { KeyReused, Overtaken, TrailAhead } from '../db/errors.ts';
import { IllegalTransition } from '../domain/audition/view.ts';
import { addConnection, ProviderError, type ProviderFault } from '../domain/errors.ts';
import { busyFailure, toTemporalFailure, withTemporalFailures } from './failures.ts';

const now = Date.UTC(2026, 11, 1);
const failureOf = (fault: ProviderFault) =>
  toTemporalFailure(
    new ProviderError('zoom', 'meetings.create', fault, { status: 429, code: '300', message: 'slow down' }),
    now,
    () => 0,
  );

const failingActivity = () =>
  Promise.reject(new ProviderError('zoom', 'meetings.create', { kind: 'reconnect' }, { message: 'gone' }));

describe('the Temporal failure of a provider error', () => {
  it.each<[ProviderFault, boolean]>([
    [{ kind: 'outage', effect: 'none' }, false],
    [{ kind: 'retry', effect: 'unknown' }, false],
    [{ kind: 'retry_after', delayMs: 5 }, false],
    [{ kind: 'quota_exhausted', untilMs: now }, false],
    [{ kind: 'reconnect' }, true],
    [{ kind: 'misconfigured' }, true],
    [{ kind: 'not_permitted' }, true],
    [{ kind: 'not_found' }, true],
    [{ kind: 'conflict' }, true],
    [{ kind: 'rejected_input' }, true],
  ])('has the kind of the fault as its type: %o, non-retryable: %s', (fault, nonRetryable) => {
    expect(failureOf(fault)).toMatchObject({ type: fault.kind, nonRetryable });
  });

  it('is benign, names the open circuit and sets the retry delay when the circuit rejected the call', () => {
    expect(failureOf({ kind: 'outage', effect: 'none', delayMs: 20_000, circuit: 'open' })).toMatchObject({
      nextRetryDelay: 20_000,
      nonRetryable: false,
      category: ApplicationFailureCategory.BENIGN,
      details: [{ provider: 'zoom', circuit: 'open' }],
    });
    expect(failureOf({ kind: 'outage', effect: 'none' })).toMatchObject({
      details: [expect.not.objectContaining({ circuit: 'open' })],
    });
  });

  it('reports the connection ID', () => {
    const error = new ProviderError(
      'google',
      'calendar.putEvent',
      { kind: 'reconnect' },
      { message: 'gone' },
    );
    expect(toTemporalFailure(addConnection('conn_1', error), now)).toMatchObject({
      type: 'reconnect',
      details: [{ provider: 'google', connection: 'conn_1' }],
    });
  });

  it('has the retry delay that the provider requested', () => {
    expect(failureOf({ kind: 'retry_after', delayMs: 7_000 })).toMatchObject({ nextRetryDelay: 7_000 });
    expect(failureOf({ kind: 'quota_exhausted', untilMs: now + 60_000 })).toMatchObject({
      nextRetryDelay: 60_000,
    });
    expect(failureOf({ kind: 'outage', effect: 'none' })).not.toHaveProperty(
      'nextRetryDelay',
      expect.any(Number),
    );
  });

  it.each<ProviderFault>([
    { kind: 'retry_after', delayMs: 0 },
    { kind: 'quota_exhausted', untilMs: now - 60_000 },
  ])('has a retry delay of at least one second, since the server does not retry after 0: %o', (fault) => {
    expect(failureOf(fault)).toMatchObject({ nextRetryDelay: 1_000 });
  });

  it.each([
    [2_000, 2_400],
    [24 * 3_600_000, 24 * 3_600_000 + 60_000],
  ])('spreads retries with the same requested delay of %i ms over at most %i ms', (delayMs, last) => {
    const error = new ProviderError(
      'zoom',
      'meetings.create',
      { kind: 'retry_after', delayMs },
      { message: '' },
    );
    expect(toTemporalFailure(error, now, () => 1)).toMatchObject({ nextRetryDelay: last });
    const many = Array.from({ length: 20 }, () => toTemporalFailure(error, now));
    const delays = many.map((failure) =>
      failure instanceof ApplicationFailure ? Number(failure.nextRetryDelay) : 0,
    );
    expect(new Set(delays).size).toBeGreaterThan(1);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(delayMs);
    expect(Math.max(...delays)).toBeLessThanOrEqual(last);
  });

  it('is benign for expected faults, and not for faults that the operator must fix', () => {
    const benign = { category: ApplicationFailureCategory.BENIGN };
    expect(failureOf({ kind: 'retry_after', delayMs: 1 })).toMatchObject(benign);
    expect(failureOf({ kind: 'reconnect' })).toMatchObject(benign);
    expect(failureOf({ kind: 'misconfigured' })).not.toMatchObject(benign);
    expect(failureOf({ kind: 'outage', effect: 'none' })).not.toMatchObject(benign);
  });

  it('contains provider, operation, code and status, and nothing else', () => {
    expect(failureOf({ kind: 'conflict' })).toMatchObject({
      details: [{ provider: 'zoom', operation: 'meetings.create', code: '300', status: 429 }],
    });
  });
});

describe('the Temporal failure of a database error', () => {
  it.each([new KeyReused('k'), new IllegalTransition('closed', 'scheduled')])(
    'is non-retryable for $name',
    (error) => {
      expect(toTemporalFailure(error)).toMatchObject({ type: error.name, nonRetryable: true });
    },
  );

  it('is non-retryable and benign when the trail has facts of another run', () => {
    expect(toTemporalFailure(new TrailAhead('aud_1', 9, 4))).toMatchObject({
      type: 'trail_ahead',
      nonRetryable: true,
      category: ApplicationFailureCategory.BENIGN,
      details: [{ number: 9 }],
    });
  });

  it('distinguishes an attempt overtaken by an undo from one overtaken by another attempt', () => {
    expect(toTemporalFailure(new Overtaken('k', 'undo'))).toMatchObject({
      type: 'Compensated',
      nonRetryable: true,
    });
    expect(toTemporalFailure(new Overtaken('k', 'another_attempt'))).toMatchObject({
      type: 'busy',
      nonRetryable: false,
    });
  });

  it('is retryable when the database is unreachable', () => {
    const down = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(toTemporalFailure(new DrizzleQueryError('SELECT $1', ['Ada'], down))).toMatchObject({
      type: 'database',
      nonRetryable: false,
      message: 'the database failed: DrizzleQueryError (ECONNREFUSED)',
    });
  });

  it('contains the SQLSTATE and no values of the statement', () => {
    const violation = Object.assign(new DatabaseError('Key (name)=(Ada) exists', 0, 'error'), {
      code: '23505',
    });
    const failure = toTemporalFailure(
      new Error('Ada', { cause: new DrizzleQueryError('INSERT $1', ['ada@example.com'], violation) }),
    );
    expect(failure).toMatchObject({
      type: 'database',
      message: 'the database failed: DatabaseError (23505)',
    });
    expect(inspect(failure, { depth: 10 })).not.toMatch(/ada/i);
  });
});

it.each([
  [3_000.4, 3_001],
  [0, 1_000],
  [3_600_000, 12_000],
])('a busy operation with %i ms remaining is retried in %i ms', (remainingMs, nextRetryDelay) => {
  const operation = { provider: 'zoom', operation: 'meetings.create' } as const;
  expect(busyFailure(operation, remainingMs, 12_000)).toMatchObject({ nextRetryDelay, nonRetryable: false });
});

describe('withTemporalFailures', () => {
  it('converts the errors of the activity to Temporal failures', async () => {
    const run = new MockActivityEnvironment().run(withTemporalFailures(failingActivity), undefined);
    await expect(run).rejects.toThrow(ApplicationFailure);
  });

  it('ends a cancelled activity as cancelled, whatever error it throws', async () => {
    const environment = new MockActivityEnvironment();
    environment.cancel();
    await expect(environment.run(withTemporalFailures(failingActivity), undefined)).rejects.toThrow(
      CancelledFailure,
    );
  });
});
