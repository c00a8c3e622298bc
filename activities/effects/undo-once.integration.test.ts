import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crashAt,
  crashPoints,
  createFakeVendor,
  errorThrownBy,
  useEffectHarness,
} from '../../tests/harness/effect-harness.ts';

const { act, undo, timePasses } = useEffectHarness();

const setup = () => ({ vendor: createFakeVendor(), key: randomUUID() });

describe('undoOnce', () => {
  it.each(crashPoints)('leaves no effect when it crashes at point %i and is called again', async (point) => {
    const { vendor, key } = setup();
    await act(vendor, key);
    await undo(vendor, key, crashAt(point)).catch(() => undefined);
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });

  it.each(crashPoints)('leaves no effect of an attempt that crashed at point %i', async (point) => {
    const { vendor, key } = setup();
    await act(vendor, key, { crasher: crashAt(point) }).catch(() => undefined);
    await timePasses(key);
    await undo(vendor, key);
    expect(vendor.made.size).toBe(0);
  });

  it('finds nothing to undo before the first attempt, and blocks a late attempt', async () => {
    const { vendor, key } = setup();
    expect(await undo(vendor, key)).toEqual({ result: 'nothing_to_undo' });
    expect(await undo(vendor, key)).toEqual({ result: 'nothing_to_undo' });
    await expect(act(vendor, key)).rejects.toMatchObject({ type: 'Compensated', nonRetryable: true });
    expect(vendor.made.size).toBe(0);
  });

  it('fails as busy while an attempt is still running', async () => {
    const { vendor, key } = setup();
    await errorThrownBy(() => act(vendor, key, { crasher: crashAt(6) }));
    await expect(undo(vendor, key)).rejects.toMatchObject({ type: 'busy', nonRetryable: false });
    await timePasses(key);
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });

  it('continues as soon as a running attempt has ended', async () => {
    const { vendor, key } = setup();
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const attempt = act(vendor, key, {
      steps: (steps) => ({
        ...steps,
        perform: async (handOver, call) => {
          started.resolve();
          await finish.promise;
          return steps.perform(handOver, call, 1);
        },
      }),
    });
    await started.promise;
    const undone = undo(vendor, key, crashAt(99), 10_000);
    await pause(200);
    finish.resolve();
    await attempt;
    const ended = performance.now();
    expect(await undone).toEqual({ result: 'undone' });
    expect(performance.now() - ended).toBeLessThan(1_500);
    expect(vendor.made.size).toBe(0);
  });

  it('continues when the lease of an attempt ends that crashed', async () => {
    const { vendor, key } = setup();
    await errorThrownBy(() => act(vendor, key, { crasher: crashAt(6) }));
    const undone = undo(vendor, key, crashAt(99), 10_000);
    await pause(200);
    await timePasses(key);
    expect(await undone).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });

  it('is retried within the time it waits, while an attempt that crashed holds its lease', async () => {
    const { vendor, key } = setup();
    await errorThrownBy(() => act(vendor, key, { crasher: crashAt(6) }));
    const busy = { type: 'busy', nonRetryable: false, nextRetryDelay: 2_000 };
    await expect(undo(vendor, key, crashAt(99), 2_000)).rejects.toMatchObject(busy);
  });

  it('leaves no effect after any sequence of crashes, and blocks later attempts', async () => {
    const history = fc.array(
      fc.record({ what: fc.constantFrom('act', 'undo'), point: fc.constantFrom(...crashPoints, 99) }),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const { vendor, key } = setup();
        for (const { what, point } of steps) {
          const crasher = crashAt(point);
          const step = what === 'act' ? act(vendor, key, { crasher }) : undo(vendor, key, crasher);
          await step.catch(() => undefined);
          await timePasses(key);
          expect(vendor.made.size).toBeLessThanOrEqual(1);
        }
        await undo(vendor, key);
        await expect(act(vendor, key)).rejects.toMatchObject({ type: 'Compensated' });
        expect(vendor.made.size).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
