/**
 * Puts the call path of one process together: what it sees goes to metrics and log, and to the database, where the
 * other processes and the health page find it.
 */
import { hostname } from 'node:os';
import { ProviderError } from '../../domain/errors.ts';
import type { CircuitState, ProviderObservation } from '../../domain/providers/observation.ts';
import type { QuotaStore } from '../../domain/providers/quota-store.ts';
import { type VendorName, vendorNames } from '../../domain/providers/vendors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { catalog, type OperationFacts } from '../catalog.ts';
import type { Providers, SharedAccounts } from '../ports.ts';
import { type CallObserver, createCallPath } from './call-path.ts';
import { routeThroughCallPath } from './call-path-providers.ts';
import { faultSummary } from './circuit.ts';
import { type CircuitChange, createCircuits } from './circuits.ts';
import { createQuotaGuard } from './quota-guard.ts';
import { type QuotaLimits, quotasWith } from './quotas.ts';
import type { QuotaUsage } from './rate-limiter.ts';

export interface CallMetrics {
  /** `outcome` is `ok` or the kind of the fault. */
  callEnded(call: {
    readonly provider: string;
    readonly operation: string;
    readonly outcome: string;
    readonly seconds: number;
  }): void;
  /** A call that was not made. */
  callRejected(call: {
    readonly provider: string;
    readonly operation: string;
    readonly reason: string;
  }): void;
  /** `accountsHeldBack`: single accounts whose own circuit is not closed. */
  circuitChanged(circuit: {
    readonly provider: string;
    readonly state: string;
    readonly accountsHeldBack: number;
  }): void;
  quotaUsed(use: { readonly provider: string; readonly quota: string; readonly ratio: number }): void;
}

interface ProviderHealthStore {
  record(seen: ProviderObservation): Promise<void>;
}

export interface ResilienceOptions {
  readonly quotaBook: QuotaStore;
  readonly healthStore: ProviderHealthStore;
  readonly limits: QuotaLimits;
  readonly accounts: SharedAccounts;
  readonly metrics: CallMetrics;
  readonly logger: {
    warn(about: Readonly<Record<string, unknown>>, message: string): void;
    info(about: Readonly<Record<string, unknown>>, message: string): void;
  };
  /** `worker`, `api`. */
  readonly process: string;
}

/** Behaves as `providers` does, but for calls that are held back by an open circuit or a spent quota. */
export const withResilience = (providers: Providers, parts: ResilienceOptions): Providers => {
  const health = createHealthRecorder(parts);
  const watch = watchCircuits(parts, health);
  for (const provider of vendorNames.filter(hasCircuit)) {
    parts.metrics.circuitChanged({ provider, state: 'closed', accountsHeldBack: 0 });
  }
  const path = createCallPath({
    circuits: createCircuits(watch),
    quotas: createQuotaGuard({
      book: parts.quotaBook,
      quotas: quotasWith(parts.limits),
      onUse: (use) => reportQuotaUsage(parts, use),
    }),
    observer: createObserver(parts, health),
  });
  return routeThroughCallPath(providers, path, parts.accounts);
};

const hasCircuit = (provider: VendorName): boolean =>
  Object.values<OperationFacts>(catalog[provider].operations).some(({ circuit }) => circuit);

const createObserver = ({ metrics }: ResilienceOptions, health: HealthRecorder): CallObserver => ({
  callEnded: ({ error, ...call }) => {
    metrics.callEnded(call);
    health.called(call.provider, error);
  },
  callRejected: (call) => metrics.callRejected(call),
});

const reportQuotaUsage = (
  { metrics, logger }: ResilienceOptions,
  { provider, quota, used, limit, crossesWarningRatio }: QuotaUsage,
) => {
  metrics.quotaUsed({ provider, quota, ratio: used / limit });
  if (crossesWarningRatio) logger.warn({ provider, quota, used, limit }, 'most of a quota is used');
};

const watchCircuits = ({ metrics, logger }: ResilienceOptions, health: HealthRecorder) => {
  const heldBack = new Map<VendorName, Set<string>>();
  const whole = new Map<VendorName, CircuitState>();
  return ({ provider, connection, state, open }: CircuitChange): void => {
    const accounts = heldBack.get(provider) ?? new Set();
    heldBack.set(provider, accounts);
    if (connection === undefined) whole.set(provider, state);
    else if (state === 'closed') accounts.delete(connection);
    else accounts.add(connection);
    metrics.circuitChanged({
      provider,
      state: whole.get(provider) ?? 'closed',
      accountsHeldBack: accounts.size,
    });
    const about = { provider, connection, circuit: state, until: open && toInstant(open.untilMs) };
    if (state === 'open') logger.warn({ ...about, last: open?.lastFailure }, 'a circuit opened');
    else if (state === 'closed') logger.info(about, 'a circuit closed: calls are made again');
    health.circuit(provider, connection, state, open?.untilMs);
  };
};

/** A provider's row is written at most this often, unless its circuit changes. */
const healthWriteIntervalMs = 10_000;

interface HealthRecorder {
  called(provider: VendorName, error: unknown): void;
  circuit(
    provider: VendorName,
    connection: string | undefined,
    state: CircuitState,
    untilMs: number | undefined,
  ): void;
}

interface HealthRecord {
  readonly circuit: CircuitState;
  readonly opensAgainAt?: Instant | undefined;
  readonly lastSuccessAt?: Instant | undefined;
  readonly lastFailureAt?: Instant | undefined;
  readonly lastFailure?: string | undefined;
}

/** Nobody waits for a note, and one that cannot be written is missed by nobody but the health page. */
const createHealthRecorder = ({ healthStore, logger, process: kind }: ResilienceOptions): HealthRecorder => {
  const process = `${kind}@${hostname()}:${globalThis.process.pid}`;
  const notes = new Map<VendorName, HealthRecord>();
  const writtenAt = new Map<VendorName, number>();

  const write = (provider: VendorName, connection: string | undefined, noted: HealthRecord): void => {
    void healthStore.record({ provider, connection, process, ...noted }).catch((err: unknown) => {
      logger.info({ provider, err }, 'the health of a provider could not be noted');
    });
  };
  const update = (provider: VendorName, change: Partial<HealthRecord>, isUrgent: boolean): void => {
    const noted: HealthRecord = { circuit: 'closed', ...notes.get(provider), ...change };
    notes.set(provider, noted);
    const now = Date.now();
    if (!isUrgent && now - (writtenAt.get(provider) ?? -Infinity) < healthWriteIntervalMs) return;
    writtenAt.set(provider, now);
    write(provider, undefined, noted);
  };

  return {
    called: (provider, error) => {
      const at = toInstant(Date.now());
      if (error === undefined) update(provider, { lastSuccessAt: at }, false);
      else if (error instanceof ProviderError) {
        update(provider, { lastFailureAt: at, lastFailure: faultSummary(error) }, false);
      }
    },
    circuit: (provider, connection, circuit, untilMs) => {
      const opensAgainAt = untilMs === undefined ? undefined : toInstant(untilMs);
      if (connection === undefined) update(provider, { circuit, opensAgainAt }, true);
      else write(provider, connection, { circuit, opensAgainAt });
    },
  };
};
