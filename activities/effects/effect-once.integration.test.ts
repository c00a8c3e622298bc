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

/** Where the provider cannot be asked. */
const unanswered = (steps: SearchedSteps): SearchedSteps => ({
  ...steps,
  find: () => Promise.reject(new Error('no answer')),
});

describe('an effect', () => {
  it('happens once and answers the same each time it is asked for', async () => {
    const { vendor, key } = setup();
    const first = await act(vendor, key);
    expect(await act(vendor, key)).toEqual(first);
    expect(vendor.made.size).toBe(1);
  });

  it.each(crashPoints)('happens once when the first attempt dies at place %i', async (place) => {
    const { vendor, key } = setup();
    await act(vendor, key, { crasher: crashAt(place) }).catch(() => undefined);
    await timePasses(key);
    const { id } = await act(vendor, key);
    expect([...vendor.made.keys()]).toEqual([id]);
  });

  it('happens once when attempt after attempt dies, wherever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...crashPoints), { maxLength: 6 }), async (deaths) => {
        const { vendor, key } = setup();
        for (const place of deaths) {
          await act(vendor, key, { crasher: crashAt(place) }).catch(() => undefined);
          await timePasses(key);
        }
        await act(vendor, key);
        expect(vendor.made.size).toBe(1);
      }),
      { numRuns: 60 },
    );
  });

  it('happens once when its answer is lost', async () => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'outage', effect: 'unknown' });
    await expect(act(vendor, key)).rejects.toThrow(ProviderError);
    expect(await act(vendor, key)).toEqual({ id: [...vendor.made.keys()][0] });
    expect(vendor.made.size).toBe(1);
  });

  it('happens once when many ask at the same time; the others are told when to come back', async () => {
    const { vendor, key } = setup();
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => act(vendor, key)));
    expect(vendor.made.size).toBe(1);
    for (const outcome of asked.filter((one) => one.status === 'rejected')) {
      expect(outcome.reason).toMatchObject({ type: 'busy', nonRetryable: false });
    }
    expect(asked.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  });

  it('is tried again at once after a definite refusal, without looking for what cannot be there', async () => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'retry_after', delayMs: 10 });
    await expect(act(vendor, key)).rejects.toThrow(ProviderError);
    await act(vendor, key, { steps: unanswered });
    expect(vendor.made.size).toBe(1);
  });

  it('gives its lease back when the provider cannot be asked what became of the attempt before', async () => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'outage', effect: 'unknown' });
    await errorThrownBy(() => act(vendor, key));
    await expect(act(vendor, key, { steps: unanswered })).rejects.toThrow('no answer');
    expect(await leaseIsHeld(key)).toBe(false);
    await act(vendor, key);
    expect(vendor.made.size).toBe(1);
  });

  it('is refused for a key that stood for another request', async () => {
    const { vendor, key } = setup();
    await act(vendor, key);
    const other = { ...operationOf(key), request: { reference: 'another' } };
    await expect(effectOnce(ledger(), other, attemptContext(), stepsFor(vendor, key))).rejects.toThrow(
      KeyReused,
    );
  });

  it('has its whole time from when the ledger let it begin', async () => {
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

const unknowable = async () => {
  const { vendor, key } = setup();
  const blind = (execution: string) =>
    act(vendor, key, {
      execution,
      steps: (steps) => ({ ...steps, find: async () => ({ kind: 'unknowable' }) }),
    });
  const failOnce = () => vendor.faults.push({ kind: 'outage', effect: 'unknown' });
  failOnce();
  await errorThrownBy(() => blind('run/1'));
  return { vendor, blind, failOnce };
};

describe('a doubt that nobody can clear up', () => {
  const asks = { type: 'outcome_unknown', nonRetryable: true };

  it('is put before a person, also when that failure was lost on its way', async () => {
    const { vendor, blind } = await unknowable();
    await expect(blind('run/1')).rejects.toMatchObject(asks);
    await expect(blind('run/1')).rejects.toMatchObject(asks);
    expect(vendor.made.size).toBe(1);
  });

  it('is done again when the person says so', async () => {
    const { vendor, blind } = await unknowable();
    await errorThrownBy(() => blind('run/1'));
    await blind('run/2');
    expect(vendor.made.size).toBe(2);
  });

  it('is put before a person anew when that is in doubt again', async () => {
    const { vendor, blind, failOnce } = await unknowable();
    await errorThrownBy(() => blind('run/1'));
    failOnce();
    await errorThrownBy(() => blind('run/2'));
    await expect(blind('run/2')).rejects.toMatchObject(asks);
    expect(vendor.made.size).toBe(2);
    await blind('run/3');
    expect(vendor.made.size).toBe(3);
  });
});
