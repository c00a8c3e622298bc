/** Runs effects of an in-memory vendor on a real ledger, with attempts that crash, stall or overlap. */
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

/** Throws at the n-th crash point. There is a crash point before and after each call that leaves the process. */
export const crashAt = (point: number) => {
  let passed = 0;
  const crashPoint = () => {
    passed += 1;
    if (passed === point) throw new Crash(`crash point ${point}`);
  };
  const around =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      crashPoint();
      const result = await call(...args);
      crashPoint();
      return result;
    };
  return { around };
};

type Crasher = ReturnType<typeof crashAt>;
const never = () => crashAt(Number.POSITIVE_INFINITY);

const ledgerWith = (ledger: OperationLedger, { around }: Crasher): OperationLedger => ({
  begin: around((operation) => ledger.begin(operation)),
  handOver: around((key, attempt) => ledger.handOver(key, attempt)),
  renew: around((key, attempt, leaseMs) => ledger.renew(key, attempt, leaseMs)),
  complete: around((key, effect, surplus) => ledger.complete(key, effect, surplus)),
  correctResult: around((key, correction) => ledger.correctResult(key, correction)),
  recordSurplusRemoved: around((key, providerId) => ledger.recordSurplusRemoved(key, providerId)),
  release: around((key, attempt, effect) => ledger.release(key, attempt, effect)),
  markOperatorAsked: around((key, attempt, execution) => ledger.markOperatorAsked(key, attempt, execution)),
  beginUndo: around((operation) => ledger.beginUndo(operation)),
  completeUndo: around((key, result) => ledger.completeUndo(key, result)),
  standingEffects: around((auditionId) => ledger.standingEffects(auditionId)),
  createdMeetings: around((auditionId) => ledger.createdMeetings(auditionId)),
  completedEffects: around((auditionId) => ledger.completedEffects(auditionId)),
  allTargets: around((auditionId) => ledger.allTargets(auditionId)),
  targetOf: around((key) => ledger.targetOf(key)),
  othersLike: around((operation) => ledger.othersLike(operation)),
});

const madeSchema = z.object({ id: z.string() });

/** Creates a vendor without idempotency: a repeated request creates a second meeting. */
export const createFakeVendor = () => {
  const made = new Map<string, string>();
  const faults: (ProviderFault & { readonly status?: number | undefined })[] = [];
  const failIfFaulty = () => {
    const fault = faults.shift();
    if (!fault) return;
    throw new ProviderError('zoom', 'meetings.create', fault, {
      status: fault.status,
      message: 'simulated fault',
    });
  };
  return {
    made,
    faults,
    create: async (reference: string) => {
      const next = faults[0];
      const id = randomUUID();
      if (next === undefined || 'effect' in next) made.set(id, reference);
      failIfFaulty();
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

/** Returns the steps of an effect at the fake vendor, with the crash points of `around`. */
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

/** Returns the context of an attempt. Its lease lasts 12 seconds. */
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

/** Call it at the top of a test file. Returns functions that perform and undo effects on a real ledger. */
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
    undo: (vendor: FakeVendor, key: string, crasher = never(), undoWaitMs = 0) =>
      undoOnce(
        ledger(crasher),
        operationOf(key),
        { ...attemptContext(), undoWaitMs },
        {
          find: crasher.around(() => vendor.find(key)),
          remove: crasher.around((id: string) => vendor.remove(id)),
        },
      ),
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

/** Returns the error that `act` throws; throws when it does not throw. */
export const errorThrownBy = async (act: () => Promise<unknown>): Promise<unknown> => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error; none was thrown');
};

/** The crash points 1 to 12; no execution passes more. */
export const crashPoints = Array.from({ length: 12 }, (_, index) => index + 1);
