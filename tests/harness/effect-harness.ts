/** Effects at a vendor in memory under a real ledger, with attempts that die, stall and overlap as a test says. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import type { AttemptContext } from '../../activities/effects/attempt.ts';
import { effectOnce } from '../../activities/effects/effect-once.ts';
import type { EffectSteps } from '../../activities/effects/steps.ts';
import { undoOnce } from '../../activities/effects/undo-once.ts';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import type { CallContext } from '../../providers/ports.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { leaseRunsOut, timePasses } from './ledger.ts';

class Crash extends Error {}

/** Dies at the n-th place where a process can die: before and after each call that leaves it. */
export const crashAt = (place: number) => {
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

const ledgerWith = (ledger: OperationLedger, { around }: Crasher): OperationLedger => ({
  begin: around((operation) => ledger.begin(operation)),
  handOver: around((key, attempt) => ledger.handOver(key, attempt)),
  complete: around((key, effect, surplus) => ledger.complete(key, effect, surplus)),
  recordSurplusRemoved: around((key, providerId) => ledger.recordSurplusRemoved(key, providerId)),
  release: around((key, attempt, effect) => ledger.release(key, attempt, effect)),
  markOperatorAsked: around((key, attempt, execution) => ledger.markOperatorAsked(key, attempt, execution)),
  beginUndo: around((operation) => ledger.beginUndo(operation)),
  completeUndo: around((key) => ledger.completeUndo(key)),
});

const madeSchema = z.object({ id: z.string() });

/** A vendor without idempotency of its own: what is asked twice is made twice. */
export const createFakeVendor = () => {
  const made = new Map<string, string>();
  const faults: (ProviderFault & { readonly status?: number | undefined })[] = [];
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
      const id = randomUUID();
      if (next === undefined || 'effect' in next) made.set(id, reference);
      answerOrFail();
      return { id };
    },
    find: async (reference: string) => [...made].flatMap(([id, of]) => (of === reference ? [id] : [])),
    remove: async (id: string) => (made.delete(id) ? ('deleted' as const) : ('absent' as const)),
  };
};
export type FakeVendor = ReturnType<typeof createFakeVendor>;

export const operationOf = (key: string) =>
  ({ key, organization: 'org_1', provider: 'zoom', operation: 'meetings.create' }) as const;

type Made = z.infer<typeof madeSchema>;
export type SearchedSteps = Extract<EffectSteps<Made>, { kind: 'searched' }>;

export const stepsFor = (vendor: FakeVendor, key: string, { around } = never()): SearchedSteps => ({
  kind: 'searched',
  result: madeSchema,
  providerId: ({ id }) => id,
  find: around(async () => {
    const [id, ...others] = await vendor.find(key);
    return id === undefined
      ? { kind: 'absent' }
      : { kind: 'found', result: { id }, surplus: others.map((other) => ({ id: other })) };
  }),
  perform: around(async (handOver: () => Promise<void>) => {
    await handOver();
    return vendor.create(key);
  }),
  removeEffect: around(async ({ id }: Made, call: CallContext) => {
    call.signal.throwIfAborted();
    return vendor.remove(id);
  }),
});

export const attemptContext = (
  signal = new AbortController().signal,
  execution = 'run/1',
): AttemptContext => ({
  leaseMs: 12_000,
  execution,
  startCall: () => ({ signal, correlationId: 'corr-1' }),
  startCleanUp: () => ({ signal: new AbortController().signal, correlationId: 'corr-1' }),
});

interface Circumstances {
  readonly crasher?: Crasher;
  readonly signal?: AbortSignal;
  readonly execution?: string;
  readonly steps?: (steps: SearchedSteps) => SearchedSteps;
}

/** Call it at the top of a file: effects and their undoing on a real ledger. */
export const useEffectHarness = () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const ledger = (crasher = never()) => ledgerWith(database.repositories.ledger, crasher);

  return {
    ledger,
    act: (
      vendor: FakeVendor,
      key: string,
      { crasher = never(), signal, execution, steps = (same) => same }: Circumstances = {},
    ) =>
      effectOnce(
        ledger(crasher),
        { ...operationOf(key), request: { reference: key } },
        attemptContext(signal, execution),
        steps(stepsFor(vendor, key, crasher)),
      ),
    undo: (vendor: FakeVendor, key: string, crasher = never()) =>
      undoOnce(ledger(crasher), operationOf(key), attemptContext(), {
        find: crasher.around(() => vendor.find(key)),
        remove: crasher.around((id: string) => vendor.remove(id)),
      }),
    leaseRunsOut: (key: string) => leaseRunsOut(database.pool, key),
    timePasses: (key: string) => timePasses(database.pool, key),
    leaseIsHeld: async (key: string): Promise<boolean> => {
      const { rows } = await database.pool.query(
        'SELECT 1 FROM operations WHERE key = $1 AND lease_until > now()',
        [key],
      );
      return rows.length > 0;
    },
  };
};

export const errorThrownBy = async (act: () => Promise<unknown>): Promise<unknown> => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

/** As many as there are in the longest way through. */
export const crashPoints = Array.from({ length: 12 }, (_, index) => index + 1);
