import { inspect } from 'node:util';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DrizzleQueryError } from 'drizzle-orm';
import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { AuditConflict, KeyReused, Overtaken } from '../db/errors.ts';
import { addConnection, ProviderError, type ProviderFault } from '../domain/errors.ts';
import { busyFailure, toTemporalFailure, withTemporalFailures } from './failures.ts';

const now = Date.UTC(2026, 11, 1);
const failed = (fault: ProviderFault) =>
  toTemporalFailure(
    new ProviderError('zoom', 'meetings.create', fault, { status: 429, code: '300', message: 'slow down' }),
    now,
    () => 0,
  );

const broken = () =>
  Promise.reject(new ProviderError('zoom', 'meetings.create', { kind: 'reconnect' }, { message: 'gone' }));

describe('a provider error', () => {
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
  ])('keeps its kind as the type: %o, given up at once: %s', (fault, nonRetryable) => {
    expect(failed(fault)).toMatchObject({ type: fault.kind, nonRetryable });
  });

  it('says that it was held back by an open circuit, when to come again, and raises no alarm', () => {
    expect(failed({ kind: 'outage', effect: 'none', delayMs: 20_000, circuit: 'open' })).toMatchObject({
      nextRetryDelay: 20_000,
      nonRetryable: false,
      category: ApplicationFailureCategory.BENIGN,
      details: [{ provider: 'zoom', circuit: 'open' }],
    });
    expect(failed({ kind: 'outage', effect: 'none' })).toMatchObject({
      details: [expect.not.objectContaining({ circuit: 'open' })],
    });
  });

  it('names the connection that the call was made with', () => {
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

  it('waits as long as the provider said', () => {
    expect(failed({ kind: 'retry_after', delayMs: 7_000 })).toMatchObject({ nextRetryDelay: 7_000 });
    expect(failed({ kind: 'quota_exhausted', untilMs: now + 60_000 })).toMatchObject({
      nextRetryDelay: 60_000,
    });
    expect(failed({ kind: 'outage', effect: 'none' })).not.toHaveProperty(
      'nextRetryDelay',
      expect.any(Number),
    );
  });

  it.each<ProviderFault>([
    { kind: 'retry_after', delayMs: 0 },
    { kind: 'quota_exhausted', untilMs: now - 60_000 },
  ])('never waits no time at all, which the server takes for giving up: %o', (fault) => {
    expect(failed(fault)).toMatchObject({ nextRetryDelay: 1_000 });
  });

  it.each([
    [2_000, 2_400],
    [24 * 3_600_000, 24 * 3_600_000 + 60_000],
  ])('spreads those who were told the same %i ms, to %i at most', (delayMs, last) => {
    const error = new ProviderError(
      'zoom',
      'meetings.create',
      { kind: 'retry_after', delayMs },
      { message: '' },
    );
    expect(toTemporalFailure(error, now, () => 1)).toMatchObject({ nextRetryDelay: last });
    const many = Array.from({ length: 20 }, () => toTemporalFailure(error, now));
    const delays = many.map((one) => (one instanceof ApplicationFailure ? Number(one.nextRetryDelay) : 0));
    expect(new Set(delays).size).toBeGreaterThan(1);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(delayMs);
    expect(Math.max(...delays)).toBeLessThanOrEqual(last);
  });

  it('raises no alarm for what an ordinary day brings, and does for what is ours to mend', () => {
    const benign = { category: ApplicationFailureCategory.BENIGN };
    expect(failed({ kind: 'retry_after', delayMs: 1 })).toMatchObject(benign);
    expect(failed({ kind: 'reconnect' })).toMatchObject(benign);
    expect(failed({ kind: 'misconfigured' })).not.toMatchObject(benign);
    expect(failed({ kind: 'outage', effect: 'none' })).not.toMatchObject(benign);
  });

  it('says who answered what, and no more', () => {
    expect(failed({ kind: 'conflict' })).toMatchObject({
      details: [{ provider: 'zoom', operation: 'meetings.create', code: '300', status: 429 }],
    });
  });
});

describe("the database's refusals", () => {
  it.each([new KeyReused('k'), new AuditConflict('aud_1', 3, 'gap')])(
    '$name does not pass by trying again',
    (error) => {
      expect(toTemporalFailure(error)).toMatchObject({ type: error.name, nonRetryable: true });
    },
  );

  it('tells an attempt that an undo came first from one that another attempt came first', () => {
    expect(toTemporalFailure(new Overtaken('k', 'undo'))).toMatchObject({
      type: 'Compensated',
      nonRetryable: true,
    });
    expect(toTemporalFailure(new Overtaken('k', 'another_attempt'))).toMatchObject({
      type: 'busy',
      nonRetryable: false,
    });
  });

  it('leave a database that is down to the retry policy', () => {
    const down = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(toTemporalFailure(new DrizzleQueryError('SELECT $1', ['Ada'], down))).toMatchObject({
      type: 'database',
      nonRetryable: false,
      message: 'the database failed: DrizzleQueryError (ECONNREFUSED)',
    });
  });

  it('tell nothing of what a statement carried, only its SQLSTATE', () => {
    const said = Object.assign(new DatabaseError('Key (name)=(Ada) exists', 0, 'error'), { code: '23505' });
    const failure = toTemporalFailure(
      new Error('Ada', { cause: new DrizzleQueryError('INSERT $1', ['ada@example.com'], said) }),
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
])('a busy operation with %i ms left is tried again in %i', (remainingMs, nextRetryDelay) => {
  const operation = { provider: 'zoom', operation: 'meetings.create' };
  expect(busyFailure(operation, remainingMs, 12_000)).toMatchObject({ nextRetryDelay, nonRetryable: false });
});

describe('an activity', () => {
  it('throws failures, not our errors', async () => {
    const run = new MockActivityEnvironment().run(withTemporalFailures(broken), undefined);
    await expect(run).rejects.toThrow(ApplicationFailure);
  });

  it('that was cancelled ends as cancelled, whatever broke on the way', async () => {
    const environment = new MockActivityEnvironment();
    environment.cancel();
    await expect(environment.run(withTemporalFailures(broken), undefined)).rejects.toThrow(CancelledFailure);
  });
});
