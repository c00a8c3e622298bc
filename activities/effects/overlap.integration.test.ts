/** Calls that outlive their attempt, and attempts that outlive their lease. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  crashAt,
  createFakeVendor,
  errorThrownBy,
  type SearchedSteps,
  useEffectHarness,
} from '../../tests/harness/effect-harness.ts';

const { act, undo, leaseRunsOut, timePasses, leaseIsHeld } = useEffectHarness();

const setup = () => ({ vendor: createFakeVendor(), key: randomUUID() });

/** The vendor has not done it yet when the caller gives up. */
const givenUp = async (status?: number) => {
  const { vendor, key } = setup();
  vendor.faults.push({ kind: 'outage', effect: 'unknown', status });
  await errorThrownBy(() => act(vendor, key, { signal: AbortSignal.abort() }));
  vendor.made.clear();
  return { vendor, key, landsLate: () => vendor.create(key) };
};

describe('a call that was given up', () => {
  it('is only looked for at first, not made again', async () => {
    const { vendor, key } = await givenUp();
    expect(await leaseIsHeld(key)).toBe(false);
    await expect(act(vendor, key)).rejects.toMatchObject({ type: 'busy', nextRetryDelay: 10_000 });
    expect(vendor.made.size).toBe(0);
  });

  it('and lands late is the one effect', async () => {
    const { vendor, key, landsLate } = await givenUp();
    await errorThrownBy(() => act(vendor, key));
    const late = await landsLate();
    expect(await act(vendor, key)).toEqual(late);
    expect(vendor.made.size).toBe(1);
  });

  it('is made again after the quiet time', async () => {
    const { vendor, key } = await givenUp();
    await errorThrownBy(() => act(vendor, key));
    await timePasses(key);
    await act(vendor, key);
    expect(vendor.made.size).toBe(1);
  });

  it('is not undone before it can be said what became of it', async () => {
    const { vendor, key, landsLate } = await givenUp();
    await expect(undo(vendor, key)).rejects.toMatchObject({ type: 'busy' });
    await landsLate();
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });

  it.each([
    ['that a gateway lost sight of (502)', 502, 'busy'],
    ['that a gateway gave up waiting for (504)', 504, 'busy'],
    ['whose connection broke', undefined, 'busy'],
  ])('%s counts as one', async (_what, status, type) => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'outage', effect: 'unknown', status });
    await errorThrownBy(() => act(vendor, key));
    vendor.made.clear();
    await expect(act(vendor, key)).rejects.toMatchObject({ type });
  });

  it('that the vendor itself answered with an error has ended: made again at once when it left nothing', async () => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'retry', effect: 'unknown', status: 500 });
    await errorThrownBy(() => act(vendor, key));
    vendor.made.clear();
    await act(vendor, key);
    expect(vendor.made.size).toBe(1);
  });
});

describe('a worker that died', () => {
  /** 1 and 2 are around `begin`, 3 is before `perform`, 4 and 5 around `handOver`. */
  it('before it handed over holds nobody up longer than its lease', async () => {
    const { vendor, key } = setup();
    await errorThrownBy(() => act(vendor, key, { crasher: crashAt(4) }));
    await leaseRunsOut(key);
    await act(vendor, key);
    expect(vendor.made.size).toBe(1);
  });

  it('after it handed over may have left a call under way', async () => {
    const { vendor, key } = setup();
    await errorThrownBy(() => act(vendor, key, { crasher: crashAt(5) }));
    await leaseRunsOut(key);
    await expect(act(vendor, key)).rejects.toMatchObject({ type: 'busy' });
    expect(vendor.made.size).toBe(0);
  });
});

/** Runs `meanwhile` between two lines of the attempt's `perform`, long after its lease. */
const stalled =
  (key: string, where: 'before_hand_over' | 'before_record', meanwhile: () => Promise<unknown>) =>
  (steps: SearchedSteps): SearchedSteps => ({
    ...steps,
    perform: async (handOver, call) => {
      const made = where === 'before_record' ? await steps.perform(handOver, call) : undefined;
      await timePasses(key);
      await meanwhile();
      return made ?? steps.perform(handOver, call);
    },
  });

const removeEffect = () => Promise.reject(new Error('no answer'));

/** Sees nothing of what others did, as a list that lags behind. */
const blind = (steps: SearchedSteps): SearchedSteps => ({ ...steps, find: async () => ({ kind: 'absent' }) });

describe('two attempts that really overlap', () => {
  it('have one effect when the first stalls before its call: it does not make it any more', async () => {
    const { vendor, key } = setup();
    const second = () => act(vendor, key);
    const first = act(vendor, key, { steps: stalled(key, 'before_hand_over', second) });
    await expect(first).rejects.toMatchObject({ name: 'Overtaken', by: 'another_attempt' });
    expect([...vendor.made.keys()]).toEqual([(await act(vendor, key)).id]);
  });

  it('have one effect when the second finds what the first did', async () => {
    const { vendor, key } = setup();
    const second = () => act(vendor, key);
    const made = await act(vendor, key, { steps: stalled(key, 'before_record', second) });
    expect([...vendor.made.keys()]).toEqual([made.id]);
  });

  it('leave one effect when the second did it again: the first takes its own back, past its deadline', async () => {
    const { vendor, key } = setup();
    const second = () => act(vendor, key, { steps: blind });
    const steps = stalled(key, 'before_record', second);
    const first = act(vendor, key, { steps, signal: AbortSignal.abort() });
    await expect(first).rejects.toMatchObject({ name: 'Overtaken', by: 'another_attempt' });
    expect([...vendor.made.keys()]).toEqual([(await act(vendor, key)).id]);
  });

  it('leave one effect although the first could not take its own back', async () => {
    const { vendor, key } = setup();
    const first = act(vendor, key, {
      steps: (steps) => ({
        ...stalled(key, 'before_record', () => act(vendor, key, { steps: blind }))(steps),
        removeEffect,
      }),
    });
    await expect(first).rejects.toThrow('no answer');
    expect(vendor.made.size).toBe(2);
    expect([(await act(vendor, key)).id]).toEqual([...vendor.made.keys()]);
  });

  it('leave nothing once they are undone, whatever could not be taken back', async () => {
    const { vendor, key } = setup();
    await errorThrownBy(() =>
      act(vendor, key, {
        steps: (steps) => ({
          ...stalled(key, 'before_record', () => act(vendor, key, { steps: blind }))(steps),
          removeEffect,
        }),
      }),
    );
    await undo(vendor, key);
    expect(vendor.made.size).toBe(0);
  });
});

const twice = async () => {
  const { vendor, key } = setup();
  await errorThrownBy(() => act(vendor, key, { crasher: crashAt(6) }));
  await vendor.create(key);
  await timePasses(key);
  return { vendor, key };
};

describe('an earlier attempt that left several effects', () => {
  it('has one of them kept', async () => {
    const { vendor, key } = await twice();
    await vendor.create(key);
    const { id } = await act(vendor, key);
    expect([...vendor.made.keys()]).toEqual([id]);
  });

  it('has all of them undone', async () => {
    const { vendor, key } = await twice();
    await vendor.create(key);
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });
});

describe('an undo that overtakes an attempt', () => {
  const overtaken = (
    key: string,
    vendor: ReturnType<typeof createFakeVendor>,
    removeEffect?: () => Promise<never>,
  ) =>
    act(vendor, key, {
      steps: (steps) => ({
        ...steps,
        ...(removeEffect ? { removeEffect } : {}),
        perform: async (handOver, call) => {
          await handOver();
          await timePasses(key);
          await undo(vendor, key);
          return steps.perform(async () => undefined, call);
        },
      }),
    });

  it('has the attempt take its own effect back', async () => {
    const { vendor, key } = setup();
    await expect(overtaken(key, vendor)).rejects.toMatchObject({ name: 'Overtaken', by: 'undo' });
    expect(vendor.made.size).toBe(0);
  });

  it.each([
    ['the next attempt', act],
    ['the next undo', undo],
  ])('leaves what could not be taken back to %s', async (_who, next) => {
    const { vendor, key } = setup();
    await errorThrownBy(() => overtaken(key, vendor, removeEffect));
    expect(vendor.made.size).toBe(1);
    await next(vendor, key).catch(() => undefined);
    expect(vendor.made.size).toBe(0);
  });
});
