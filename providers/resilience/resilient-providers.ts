/**
 * Assembles the call path of one process. It reports calls and circuits to the metrics, the log and the database, from
 * which the health page and other processes read them.
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
import { createCallLog } from './call-log.ts';
import { type CallObserver, createCallPath } from './call-path.ts';
import { routeThroughCallPath } from './call-path-providers.ts';
import { faultSummary } from './circuit.ts';
import { type CircuitChange, createCircuits } from './circuits.ts';
import { createQuotaGuard } from './quota-guard.ts';
import { type QuotaLimits, quotasWith } from './quotas.ts';
import type { QuotaUsage } from './rate-limiter.ts';
import { createWorstCircuits } from './worst-circuit.ts';

export interface CallMetrics {
  /** `outcome` is `ok`, the kind of the fault, or `unexpected`. */
  callEnded(call: {
    readonly provider: string;
    readonly operation: string;
    readonly outcome: string;
    readonly seconds: number;
  }): void;
  /** Called when a call was rejected before it was made. */
  callRejected(call: {
    readonly provider: string;
    readonly operation: string;
    readonly reason: string;
  }): void;
  /** `accountsHeldBack`: the number of accounts whose own circuit is not closed. */
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

/** Returns providers with circuit breakers, quotas, metrics and health records. */
export const withResilience = (providers: Providers, parts: ResilienceOptions): Providers => {
  const health = createHealthRecorder(parts);
  const watch = watchCircuits(parts, health);
  for (const provider of vendorNames.filter(hasCircuit)) {
    parts.metrics.circuitChanged({ provider, state: 'closed', accountsHeldBack: 0 });
  }
  const path = createCallPath({
    circuits: createCircuits(watch),
    quotas: createQuotaGuard({
      store: parts.quotaBook,
      quotas: quotasWith(parts.limits),
      onUse: (use) => reportQuotaUsage(parts, use),
    }),
    observer: createObserver(parts, health),
  });
  return routeThroughCallPath(providers, path, parts.accounts);
};

const hasCircuit = (provider: VendorName): boolean =>
  Object.values<OperationFacts>(catalog[provider].operations).some(({ circuit }) => circuit);

const createObserver = ({ metrics, logger }: ResilienceOptions, health: HealthRecorder): CallObserver => {
  const logCall = createCallLog(logger);
  return {
    callEnded: ({ error, correlationId, ...call }) => {
      metrics.callEnded(call);
      health.called(call.provider, error);
      logCall({ correlationId, ...call });
    },
    callRejected: ({ correlationId, ...call }) => {
      metrics.callRejected(call);
      logger.info({ correlationId, ...call }, 'provider call rejected');
    },
  };
};

const reportQuotaUsage = (
  { metrics, logger }: ResilienceOptions,
  { provider, quota, used, limit, crossesWarningRatio }: QuotaUsage,
) => {
  metrics.quotaUsed({ provider, quota, ratio: used / limit });
  if (crossesWarningRatio) logger.warn({ provider, quota, used, limit }, 'provider quota nearly exhausted');
};

const watchCircuits = ({ metrics, logger }: ResilienceOptions, health: HealthRecorder) => {
  const blockedAccounts = new Map<string, Set<string>>();
  const providerStates = new Map<string, CircuitState>();
  const worstOf = createWorstCircuits();
  return ({ provider, service, connection, state, open }: CircuitChange): void => {
    const name = service === undefined ? provider : `${provider}.${service}`;
    const accounts = blockedAccounts.get(name) ?? new Set();
    blockedAccounts.set(name, accounts);
    if (connection === undefined) providerStates.set(name, state);
    else if (state === 'closed') accounts.delete(connection);
    else accounts.add(connection);
    metrics.circuitChanged({
      provider: name,
      state: providerStates.get(name) ?? 'closed',
      accountsHeldBack: accounts.size,
    });
    const about = { provider, service, connection, circuit: state, until: open && toInstant(open.untilMs) };
    if (state === 'open') logger.warn({ ...about, last: open?.lastFailure }, 'circuit opened');
    else if (state === 'closed') logger.info(about, 'circuit closed');
    // The health page shows the circuits of calendars and messages. That of meetings is in the metrics and in the log.
    if (service === 'meetings') return;
    const worst = worstOf(`${provider} ${connection ?? ''}`, service, { state, untilMs: open?.untilMs });
    health.circuit(provider, connection, worst.state, worst.untilMs);
  };
};

/**
 * The minimum interval between writes of a provider's row, unless its circuit changes. Together with the cache of the
 * health page, it is the time after which the page is right.
 */
export const healthWriteIntervalMs = 5_000;

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

/** Writes are best effort: no call waits for them, and a failed write only makes the health page stale. */
const createHealthRecorder = ({ healthStore, logger, process: kind }: ResilienceOptions): HealthRecorder => {
  const process = `${kind}@${hostname()}:${globalThis.process.pid}`;
  const records = new Map<VendorName, HealthRecord>();
  const writtenAt = new Map<VendorName, number>();
  const waiting = new Set<VendorName>();

  const write = (provider: VendorName, connection: string | undefined, record: HealthRecord): void => {
    void healthStore.record({ provider, connection, process, ...record }).catch((err: unknown) => {
      logger.info({ provider, err }, 'provider health write failed');
    });
  };
  /** The last change may be the last for hours, so that it must not be dropped. */
  const writeSoon = (provider: VendorName): void => {
    if (waiting.has(provider)) return;
    waiting.add(provider);
    setTimeout(() => {
      waiting.delete(provider);
      update(provider, {}, true);
    }, healthWriteIntervalMs).unref();
  };
  const update = (provider: VendorName, change: Partial<HealthRecord>, isUrgent: boolean): void => {
    const record: HealthRecord = { circuit: 'closed', ...records.get(provider), ...change };
    records.set(provider, record);
    const now = Date.now();
    if (!isUrgent && now - (writtenAt.get(provider) ?? -Infinity) < healthWriteIntervalMs) {
      writeSoon(provider);
      return;
    }
    writtenAt.set(provider, now);
    write(provider, undefined, record);
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
