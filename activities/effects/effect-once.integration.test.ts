import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyReused } from '../../db/errors.ts';
import { ProviderError } from '../../domain/errors.ts';
import {
  attemptContext,
  crashAt,
  crashPoints,
  createFakeVendor,
  errorThrownBy,
  operationOf,
  type SearchedSteps,
  stepsFor,
  useEffectHarness,
} from '../../tests/harness/effect-harness.ts';
import { effectOnce } from './effect-once.ts';

const { act, ledger, timePasses, leaseIsHeld } = useEffectHarness();

const setup = () => ({ vendor: createFakeVendor(), key: randomUUID() });

/** The search at the provider fails. */
const failingSearch = (steps: SearchedSteps): SearchedSteps => ({
  ...steps,
  find: () => Promise.reject(new Error('no answer')),
});

describe('effectOnce', () => {
  it('performs the effect once and returns the same result on every call', async () => {
    const { vendor, key } = setup();
    const first = await act(vendor, key);
    expect(await act(vendor, key)).toEqual(first);
    expect(vendor.made.size).toBe(1);
  });

  it.each(crashPoints)(
    'performs the effect once when the first attempt crashes at point %i',
    async (point) => {
      const { vendor, key } = setup();
      await act(vendor, key, { crasher: crashAt(point) }).catch(() => undefined);
      await timePasses(key);
      const { id } = await act(vendor, key);
      expect([...vendor.made.keys()]).toEqual([id]);
    },
  );

  it('performs the effect once when several attempts crash at random points', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...crashPoints), { maxLength: 6 }), async (crashes) => {
        const { vendor, key } = setup();
        for (const point of crashes) {
          await act(vendor, key, { crasher: crashAt(point) }).catch(() => undefined);
          await timePasses(key);
        }
        await act(vendor, key);
        expect(vendor.made.size).toBe(1);
      }),
      { numRuns: 60 },
    );
  });

  it('performs the effect once when the answer of the provider is lost', async () => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'outage', effect: 'unknown' });
    await expect(act(vendor, key)).rejects.toThrow(ProviderError);
    expect(await act(vendor, key)).toEqual({ id: [...vendor.made.keys()][0] });
    expect(vendor.made.size).toBe(1);
  });

  it('performs the effect once for simultaneous calls and fails the others as busy', async () => {
    const { vendor, key } = setup();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => act(vendor, key)));
    expect(vendor.made.size).toBe(1);
    for (const outcome of outcomes.filter((settled) => settled.status === 'rejected')) {
      expect(outcome.reason).toMatchObject({ type: 'busy', nonRetryable: false });
    }
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  });

  it('repeats the call without a search after a definite refusal', async () => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'retry_after', delayMs: 10 });
    await expect(act(vendor, key)).rejects.toThrow(ProviderError);
    await act(vendor, key, { steps: failingSearch });
    expect(vendor.made.size).toBe(1);
  });

  it('releases its lease when the search for the earlier attempt fails', async () => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'outage', effect: 'unknown' });
    await errorThrownBy(() => act(vendor, key));
    await expect(act(vendor, key, { steps: failingSearch })).rejects.toThrow('no answer');
    expect(await leaseIsHeld(key)).toBe(false);
    await act(vendor, key);
    expect(vendor.made.size).toBe(1);
  });

  it('rejects a key that was used for a different request', async () => {
    const { vendor, key } = setup();
    await act(vendor, key);
    const other = { ...operationOf(key), request: { reference: 'another' } };
    await expect(effectOnce(ledger(), other, attemptContext(), stepsFor(vendor, key))).rejects.toThrow(
      KeyReused,
    );
  });

  it('starts the deadline of the call after the answer of the ledger', async () => {
    const { vendor, key } = setup();
    const order: string[] = [];
    const slow = ledger();
    const attempt = attemptContext();
    await effectOnce(
      {
        ...slow,
        begin: async (operation) => {
          const begun = await slow.begin(operation);
          order.push('begun');
          return begun;
        },
      },
      { ...operationOf(key), request: {} },
      {
        ...attempt,
        startCall: () => {
          order.push('deadline');
          return attempt.startCall();
        },
      },
      stepsFor(vendor, key),
    );
    expect(order).toEqual(['begun', 'deadline']);
  });
});

const withUnknownOutcome = async () => {
  const { vendor, key } = setup();
  const actBlindly = (execution: string) =>
    act(vendor, key, {
      execution,
      steps: (steps) => ({ ...steps, find: async () => ({ kind: 'unknowable' }) }),
    });
  const failOnce = () => vendor.faults.push({ kind: 'outage', effect: 'unknown' });
  failOnce();
  await errorThrownBy(() => actBlindly('run/1'));
  return { vendor, actBlindly, failOnce };
};

describe('effectOnce with an outcome that cannot be determined', () => {
  const unknownOutcome = { type: 'outcome_unknown', nonRetryable: true };

  it('fails as outcome_unknown, and again when that failure was lost in transit', async () => {
    const { vendor, actBlindly } = await withUnknownOutcome();
    await expect(actBlindly('run/1')).rejects.toMatchObject(unknownOutcome);
    await expect(actBlindly('run/1')).rejects.toMatchObject(unknownOutcome);
    expect(vendor.made.size).toBe(1);
  });

  it('repeats the effect when the operator retries', async () => {
    const { vendor, actBlindly } = await withUnknownOutcome();
    await errorThrownBy(() => actBlindly('run/1'));
    await actBlindly('run/2');
    expect(vendor.made.size).toBe(2);
  });

  it('asks the operator again when the repeated call also has an unknown outcome', async () => {
    const { vendor, actBlindly, failOnce } = await withUnknownOutcome();
    await errorThrownBy(() => actBlindly('run/1'));
    failOnce();
    await errorThrownBy(() => actBlindly('run/2'));
    await expect(actBlindly('run/2')).rejects.toMatchObject(unknownOutcome);
    expect(vendor.made.size).toBe(2);
    await actBlindly('run/3');
    expect(vendor.made.size).toBe(3);
  });
});
