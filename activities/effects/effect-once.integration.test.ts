import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KeyReused } from '../../db/errors.ts';
import type { OperationLedger } from '../../db/repositories.ts';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { type EffectSteps, effectOnce } from './effect-once.ts';
import { undoOnce } from './undo-once.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

class Crash extends Error {}

/** Dies at the n-th place where a process can die: before and after each call that leaves it. */
const crashAt = (place: number) => {
  let places = 0;
  const here = () => {
    places += 1;
    if (places === place) throw new Crash(`at place ${place}`);
  };
  const around =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      here();
      const result = await call(...args);
      here();
      return result;
    };
  return { around };
};

type Crasher = ReturnType<typeof crashAt>;
const never = () => crashAt(Number.POSITIVE_INFINITY);

const ledgerWith = ({ around }: Crasher): OperationLedger => {
  const { ledger } = database.repositories;
  return {
    begin: around((operation) => ledger.begin(operation)),
    handOver: around((key) => ledger.handOver(key)),
    complete: around((key, outcome) => ledger.complete(key, outcome)),
    release: around((key, effect) => ledger.release(key, effect)),
    beginUndo: around((operation) => ledger.beginUndo(operation)),
    completeUndo: around((key) => ledger.completeUndo(key)),
  };
};

const madeSchema = z.object({ id: z.string() });

/** A vendor without idempotency of its own: what is asked twice is made twice. */
const createVendor = () => {
  const made = new Map<string, string>();
  const faults: (ProviderFault & { readonly status?: number })[] = [];
  const answerOrFail = () => {
    const fault = faults.shift();
    if (!fault) return;
    throw new ProviderError('zoom', 'meetings.create', fault, { status: fault.status, message: 'as told' });
  };
  return {
    made,
    faults,
    create: async (reference: string) => {
      const next = faults[0];
      if (next === undefined || 'effect' in next) made.set(randomUUID(), reference);
      answerOrFail();
      return { id: [...made.keys()].at(-1) ?? '' };
    },
    find: async (reference: string) => [...made].find(([, of]) => of === reference)?.[0],
    remove: async (id: string) => (made.delete(id) ? ('deleted' as const) : ('absent' as const)),
  };
};
type Vendor = ReturnType<typeof createVendor>;

const operationOf = (key: string) =>
  ({ key, organization: 'org_1', provider: 'zoom', operation: 'meetings.create' }) as const;

const stepsFor = (
  vendor: Vendor,
  key: string,
  { around }: Crasher,
  signal = new AbortController().signal,
): EffectSteps<{ id: string }> => ({
  result: madeSchema,
  providerId: ({ id }) => id,
  signal,
  find: around(async () => {
    const id = await vendor.find(key);
    return id === undefined ? { kind: 'absent' } : { kind: 'found', result: { id } };
  }),
  perform: around(async (handOver) => {
    await handOver();
    return vendor.create(key);
  }),
  takeBack: ({ id }) => vendor.remove(id),
});

const act = (vendor: Vendor, key: string, crasher = never(), signal?: AbortSignal) =>
  effectOnce(
    ledgerWith(crasher),
    { ...operationOf(key), request: { reference: key } },
    stepsFor(vendor, key, crasher, signal),
  );

const undo = (vendor: Vendor, key: string, crasher = never()) =>
  undoOnce(ledgerWith(crasher), operationOf(key), {
    find: crasher.around(() => vendor.find(key)),
    remove: crasher.around((id) => vendor.remove(id)),
  });

/** Time passes: whoever held a lease is gone. */
const leaseRunsOut = (key: string) =>
  database.pool.query(
    "UPDATE operations SET lease_until = now() - interval '1 second' WHERE key = $1 AND lease_until IS NOT NULL",
    [key],
  );

const leaseIsHeld = async (key: string): Promise<boolean> => {
  const { rows } = await database.pool.query(
    'SELECT 1 FROM operations WHERE key = $1 AND lease_until > now()',
    [key],
  );
  return rows.length > 0;
};

const caught = async (act: () => Promise<unknown>): Promise<unknown> => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

/** As many as there are in the longest way through. */
const places = Array.from({ length: 12 }, (_, index) => index + 1);

describe('an effect', () => {
  it('happens once and answers the same each time it is asked for', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    const first = await act(vendor, key);
    expect(await act(vendor, key)).toEqual(first);
    expect(vendor.made.size).toBe(1);
  });

  it.each(places)('happens once when the first attempt dies at place %i', async (place) => {
    const vendor = createVendor();
    const key = randomUUID();
    await act(vendor, key, crashAt(place)).catch(() => undefined);
    await leaseRunsOut(key);
    const { id } = await act(vendor, key);
    expect([...vendor.made.keys()]).toEqual([id]);
  });

  it('happens once when attempt after attempt dies, wherever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...places), { maxLength: 6 }), async (deaths) => {
        const vendor = createVendor();
        const key = randomUUID();
        for (const place of deaths) {
          await act(vendor, key, crashAt(place)).catch(() => undefined);
          await leaseRunsOut(key);
        }
        await act(vendor, key);
        expect(vendor.made.size).toBe(1);
      }),
      { numRuns: 60 },
    );
  });

  it('happens once when its answer is lost', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    vendor.faults.push({ kind: 'outage', effect: 'unknown' });
    await expect(act(vendor, key)).rejects.toThrow(ProviderError);
    expect(await act(vendor, key)).toEqual({ id: [...vendor.made.keys()][0] });
    expect(vendor.made.size).toBe(1);
  });

  it('happens once when many ask at the same time; the others are told when to come back', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => act(vendor, key)));
    expect(vendor.made.size).toBe(1);
    for (const outcome of asked.filter((one) => one.status === 'rejected')) {
      expect(outcome.reason).toMatchObject({ type: 'busy', nonRetryable: false });
    }
    expect(asked.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  });

  it('is tried again at once after a definite refusal, without looking for what cannot be there', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    vendor.faults.push({ kind: 'retry_after', delayMs: 10 });
    await expect(act(vendor, key)).rejects.toThrow(ProviderError);
    const blind = {
      ...stepsFor(vendor, key, never()),
      find: () => Promise.reject(new Error('asked in vain')),
    };
    await effectOnce(ledgerWith(never()), { ...operationOf(key), request: { reference: key } }, blind);
    expect(vendor.made.size).toBe(1);
  });

  it('keeps others out until its lease ends when the call was given up and may still go through', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    vendor.faults.push({ kind: 'outage', effect: 'unknown' });
    await caught(() => act(vendor, key, never(), AbortSignal.abort()));
    expect(await leaseIsHeld(key)).toBe(true);
    const told = await caught(() => act(vendor, key));
    expect(told).toMatchObject({ type: 'busy' });
    expect(told instanceof ApplicationFailure && Number(told.nextRetryDelay)).toBeGreaterThan(5_000);
  });

  it('keeps others out as long when a gateway gave up waiting for the work behind it', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    vendor.faults.push({ kind: 'outage', effect: 'unknown', status: 504 });
    await caught(() => act(vendor, key));
    expect(await leaseIsHeld(key)).toBe(true);
  });

  it('gives its lease back when the provider cannot be asked what became of the attempt before', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    vendor.faults.push({ kind: 'outage', effect: 'unknown' });
    await caught(() => act(vendor, key));
    const steps = { ...stepsFor(vendor, key, never()), find: () => Promise.reject(new Error('no answer')) };
    const asking = effectOnce(
      ledgerWith(never()),
      { ...operationOf(key), request: { reference: key } },
      steps,
    );
    await expect(asking).rejects.toThrow('no answer');
    expect(await leaseIsHeld(key)).toBe(false);
    await act(vendor, key);
    expect(vendor.made.size).toBe(1);
  });

  it('lets the next attempt look at once when the call has certainly ended', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    vendor.faults.push({ kind: 'retry', effect: 'unknown' });
    await caught(() => act(vendor, key));
    expect(await leaseIsHeld(key)).toBe(false);
  });

  it('is refused for a key that stood for another request', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    await act(vendor, key);
    const other = { ...operationOf(key), request: { reference: 'another' } };
    await expect(effectOnce(ledgerWith(never()), other, stepsFor(vendor, key, never()))).rejects.toThrow(
      KeyReused,
    );
  });
});

describe('undoing', () => {
  it.each(places)('leaves nothing when it dies itself at place %i and is asked again', async (place) => {
    const vendor = createVendor();
    const key = randomUUID();
    await act(vendor, key);
    await undo(vendor, key, crashAt(place)).catch(() => undefined);
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });

  it.each(places)('leaves nothing of an attempt that died at place %i', async (place) => {
    const vendor = createVendor();
    const key = randomUUID();
    await act(vendor, key, crashAt(place)).catch(() => undefined);
    await leaseRunsOut(key);
    await undo(vendor, key);
    expect(vendor.made.size).toBe(0);
  });

  it('of what was never done finds nothing, and bars the way of a late attempt', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    expect(await undo(vendor, key)).toEqual({ result: 'nothing_to_undo' });
    expect(await undo(vendor, key)).toEqual({ result: 'nothing_to_undo' });
    await expect(act(vendor, key)).rejects.toMatchObject({ type: 'Compensated', nonRetryable: true });
    expect(vendor.made.size).toBe(0);
  });

  it('waits for an attempt that is still under way', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    vendor.faults.push({ kind: 'outage', effect: 'unknown' });
    await caught(() => act(vendor, key, never(), AbortSignal.abort()));
    await expect(undo(vendor, key)).rejects.toMatchObject({ type: 'busy', nonRetryable: false });
    await leaseRunsOut(key);
    expect(await undo(vendor, key)).toEqual({ result: 'undone' });
    expect(vendor.made.size).toBe(0);
  });

  it('makes an attempt that outlived its lease take its own effect back', async () => {
    const vendor = createVendor();
    const key = randomUUID();
    const steps = stepsFor(vendor, key, never());
    const slow: typeof steps = {
      ...steps,
      perform: async () => {
        await leaseRunsOut(key);
        await undo(vendor, key);
        return vendor.create(key);
      },
    };
    await expect(
      effectOnce(ledgerWith(never()), { ...operationOf(key), request: { reference: key } }, slow),
    ).rejects.toThrow('overtaken');
    expect(vendor.made.size).toBe(0);
  });

  it('leaves nothing whatever died before it, and nothing comes after it', async () => {
    const life = fc.array(
      fc.record({ what: fc.constantFrom('act', 'undo'), place: fc.constantFrom(...places, 99) }),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(life, async (steps) => {
        const vendor = createVendor();
        const key = randomUUID();
        for (const { what, place } of steps) {
          await (what === 'act' ? act : undo)(vendor, key, crashAt(place)).catch(() => undefined);
          await leaseRunsOut(key);
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
