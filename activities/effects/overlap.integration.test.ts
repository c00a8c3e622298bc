/** Effects when a call outlives its attempt, or an attempt outlives its lease. */
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

/** The caller aborts the call before the vendor has created the effect. */
const abortedCall = async (status?: number) => {
  const { vendor, key } = setup();
  vendor.faults.push({ kind: 'outage', effect: 'unknown', status });
  await errorThrownBy(() => act(vendor, key, { signal: AbortSignal.abort() }));
  vendor.made.clear();
  return { vendor, key, takeEffectLate: () => vendor.create(key) };
};

describe('an aborted call', () => {
  it('is searched for and not repeated within the settle window', async () => {
    const { vendor, key } = await abortedCall();
    expect(await leaseIsHeld(key)).toBe(false);
    await expect(act(vendor, key)).rejects.toMatchObject({ type: 'busy', nextRetryDelay: 10_000 });
    expect(vendor.made.size).toBe(0);
  });

  it('that takes effect late leaves one effect', async () => {
    const { vendor, key, takeEffectLate } = await abortedCall();
    await errorThrownBy(() => act(vendor, key));
    const late = await takeEffectLate();
    expect(await act(vendor, key)).toEqual(late);
    expect(vendor.made.size).toBe(1);
  });

  it('is repeated after the settle window', async () => {
    const { vendor, key } = await abortedCall();
    await errorThrownBy(() => act(vendor, key));
    await timePasses(key);
    await act(vendor, key);
    expect(vendor.made.size).toBe(1);
  });

  it('is undone only when its outcome is known', async () => {
    const { vendor, key, takeEffectLate } = await abortedCall();
    await expect(undo(vendor, key)).rejects.toMatchObject({ type: 'busy' });
    await takeEffectLate();
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });

  it.each([
    ['that a gateway answered with 502', 502, 'busy'],
    ['that a gateway answered with 504', 504, 'busy'],
    ['whose connection broke', undefined, 'busy'],
  ])('%s is treated as still running', async (_what, status, type) => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'outage', effect: 'unknown', status });
    await errorThrownBy(() => act(vendor, key));
    vendor.made.clear();
    await expect(act(vendor, key)).rejects.toMatchObject({ type });
  });

  it('that the vendor answered with 500 has ended, and is repeated immediately when it left no effect', async () => {
    const { vendor, key } = setup();
    vendor.faults.push({ kind: 'retry', effect: 'unknown', status: 500 });
    await errorThrownBy(() => act(vendor, key));
    vendor.made.clear();
    await act(vendor, key);
    expect(vendor.made.size).toBe(1);
  });
});

describe('a crashed worker', () => {
  /** Crash points 1 and 2 are around `begin`, 3 is before `perform`, 4 and 5 are around `handOver`. */
  it('blocks other attempts only until its lease expires when it crashed before the handover', async () => {
    const { vendor, key } = setup();
    await errorThrownBy(() => act(vendor, key, { crasher: crashAt(4) }));
    await leaseRunsOut(key);
    await act(vendor, key);
    expect(vendor.made.size).toBe(1);
  });

  it('blocks other attempts within the settle window when it crashed after the handover', async () => {
    const { vendor, key } = setup();
    await errorThrownBy(() => act(vendor, key, { crasher: crashAt(5) }));
    await leaseRunsOut(key);
    await expect(act(vendor, key)).rejects.toMatchObject({ type: 'busy' });
    expect(vendor.made.size).toBe(0);
  });
});

/** Runs `meanwhile` within the attempt's `perform`, long after the lease has expired. */
const stalled =
  (key: string, where: 'before_hand_over' | 'before_record', meanwhile: () => Promise<unknown>) =>
  (steps: SearchedSteps): SearchedSteps => ({
    ...steps,
    perform: async (handOver, call, attempt) => {
      const made = where === 'before_record' ? await steps.perform(handOver, call, attempt) : undefined;
      await timePasses(key);
      await meanwhile();
      return made ?? steps.perform(handOver, call, attempt);
    },
  });

const removeEffect = () => Promise.reject(new Error('no answer'));

/** Finds no effects of other attempts, as with a vendor whose list is eventually consistent. */
const blind = (steps: SearchedSteps): SearchedSteps => ({ ...steps, find: async () => ({ kind: 'absent' }) });

describe('two overlapping attempts', () => {
  it('leave one effect when the first stalls before its call, which it then skips', async () => {
    const { vendor, key } = setup();
    const second = () => act(vendor, key);
    const first = act(vendor, key, { steps: stalled(key, 'before_hand_over', second) });
    await expect(first).rejects.toMatchObject({ name: 'Overtaken', by: 'another_attempt' });
    expect([...vendor.made.keys()]).toEqual([(await act(vendor, key)).id]);
  });

  it('leave one effect when the second finds the effect of the first', async () => {
    const { vendor, key } = setup();
    const second = () => act(vendor, key);
    const made = await act(vendor, key, { steps: stalled(key, 'before_record', second) });
    expect([...vendor.made.keys()]).toEqual([made.id]);
  });

  it('leave one effect when the second repeats it: the first removes its own, even past its deadline', async () => {
    const { vendor, key } = setup();
    const second = () => act(vendor, key, { steps: blind });
    const steps = stalled(key, 'before_record', second);
    const first = act(vendor, key, { steps, signal: AbortSignal.abort() });
    await expect(first).rejects.toMatchObject({ name: 'Overtaken', by: 'another_attempt' });
    expect([...vendor.made.keys()]).toEqual([(await act(vendor, key)).id]);
  });

  it('leave one effect when the first fails to remove its own', async () => {
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

  it('leave no effect after an undo when the first failed to remove its own', async () => {
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

const withTwoEffects = async () => {
  const { vendor, key } = setup();
  await errorThrownBy(() => act(vendor, key, { crasher: crashAt(6) }));
  await vendor.create(key);
  await timePasses(key);
  return { vendor, key };
};

describe('several effects of earlier attempts', () => {
  it('are reduced to one by the next attempt', async () => {
    const { vendor, key } = await withTwoEffects();
    await vendor.create(key);
    const { id } = await act(vendor, key);
    expect([...vendor.made.keys()]).toEqual([id]);
  });

  it('are all removed by an undo', async () => {
    const { vendor, key } = await withTwoEffects();
    await vendor.create(key);
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });
});

describe('an attempt overtaken by an undo', () => {
  const overtaken = (
    key: string,
    vendor: ReturnType<typeof createFakeVendor>,
    removeEffect?: () => Promise<never>,
  ) =>
    act(vendor, key, {
      steps: (steps) => ({
        ...steps,
        ...(removeEffect ? { removeEffect } : {}),
        perform: async (handOver, call, attempt) => {
          await handOver();
          await timePasses(key);
          await undo(vendor, key);
          return steps.perform(async () => undefined, call, attempt);
        },
      }),
    });

  it('removes its own effect', async () => {
    const { vendor, key } = setup();
    await expect(overtaken(key, vendor)).rejects.toMatchObject({ name: 'Overtaken', by: 'undo' });
    expect(vendor.made.size).toBe(0);
  });

  it.each([
    ['the next attempt', act],
    ['the next undo', undo],
  ])('leaves an effect that it failed to remove to %s', async (_what, next) => {
    const { vendor, key } = setup();
    await errorThrownBy(() => overtaken(key, vendor, removeEffect));
    expect(vendor.made.size).toBe(1);
    await next(vendor, key).catch(() => undefined);
    expect(vendor.made.size).toBe(0);
  });
});
