import { randomUUID } from 'node:crypto';
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

describe('undoing', () => {
  it.each(crashPoints)('leaves nothing when it dies itself at place %i and is asked again', async (place) => {
    const { vendor, key } = setup();
    await act(vendor, key);
    await undo(vendor, key, crashAt(place)).catch(() => undefined);
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });

  it.each(crashPoints)('leaves nothing of an attempt that died at place %i', async (place) => {
    const { vendor, key } = setup();
    await act(vendor, key, { crasher: crashAt(place) }).catch(() => undefined);
    await timePasses(key);
    await undo(vendor, key);
    expect(vendor.made.size).toBe(0);
  });

  it('of what was never done finds nothing, and bars the way of a late attempt', async () => {
    const { vendor, key } = setup();
    expect(await undo(vendor, key)).toEqual({ result: 'nothing_to_undo' });
    expect(await undo(vendor, key)).toEqual({ result: 'nothing_to_undo' });
    await expect(act(vendor, key)).rejects.toMatchObject({ type: 'Compensated', nonRetryable: true });
    expect(vendor.made.size).toBe(0);
  });

  it('waits for an attempt that is still under way', async () => {
    const { vendor, key } = setup();
    await errorThrownBy(() => act(vendor, key, { crasher: crashAt(6) }));
    await expect(undo(vendor, key)).rejects.toMatchObject({ type: 'busy', nonRetryable: false });
    await timePasses(key);
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });

  it('leaves nothing whatever died before it, and nothing comes after it', async () => {
    const life = fc.array(
      fc.record({ what: fc.constantFrom('act', 'undo'), place: fc.constantFrom(...crashPoints, 99) }),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(life, async (steps) => {
        const { vendor, key } = setup();
        for (const { what, place } of steps) {
          const crasher = crashAt(place);
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
