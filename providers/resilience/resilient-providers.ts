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
import { hasCircuit, type OperationGroup } from '../operation-groups.ts';
import { operationGroupsOf } from '../operations.ts';
import type { Providers, SharedAccounts } from '../ports.ts';
import { createCallLog } from './call-log.ts';
import { type CallObserver, createCallPath } from './call-path.ts';
import { routeThroughCallPath } from './call-path-providers.ts';
import { faultSummary } from './circuit.ts';
import { type CircuitChange, createCircuits } from './circuits.ts';
import { createQuotaGuard } from './quota-guard.ts';
import { type QuotaLimits, quotasWith } from './quotas.ts';
import type { QuotaUsage } from './rate-limiter.ts';

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
    readonly group: string;
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
  for (const provider of vendorNames) {
    for (const group of operationGroupsOf(provider).filter(hasCircuit))
      parts.metrics.circuitChanged({ provider, group, state: 'closed', accountsHeldBack: 0 });
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

const createObserver = ({ metrics, logger }: ResilienceOptions, health: HealthRecorder): CallObserver => {
  const logCall = createCallLog(logger);
  return {
    callEnded: ({ error, correlationId, group, ...call }) => {
      metrics.callEnded(call);
      health.called(call.provider, group, error);
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
  const groupStates = new Map<string, CircuitState>();
  return ({ provider, group, connection, state, open }: CircuitChange): void => {
    const name = `${provider}.${group}`;
    const accounts = blockedAccounts.get(name) ?? new Set();
    blockedAccounts.set(name, accounts);
    if (connection === undefined) groupStates.set(name, state);
    else if (state === 'closed') accounts.delete(connection);
    else accounts.add(connection);
    metrics.circuitChanged({
      provider,
      group,
      state: groupStates.get(name) ?? 'closed',
      accountsHeldBack: accounts.size,
    });
    const about = { provider, group, connection, circuit: state, until: open && toInstant(open.untilMs) };
    if (state === 'open') logger.warn({ ...about, last: open?.lastFailure }, 'circuit opened');
    else if (state === 'closed') logger.info(about, 'circuit closed');
    health.circuit(provider, group, connection, state, open?.untilMs);
  };
};

/**
 * The minimum interval between writes of a group's row, unless its circuit changes. Together with the cache of the
 * health page, it is the time after which the page is right.
 */
export const healthWriteIntervalMs = 5_000;

interface HealthRecorder {
  called(provider: VendorName, group: OperationGroup, error: unknown): void;
  circuit(
    provider: VendorName,
    group: OperationGroup,
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
  const recorders = new Map<string, GroupRecorder>();

  const recorderOf = (provider: VendorName, group: OperationGroup): GroupRecorder => {
    const name = `${provider}.${group}`;
    const known = recorders.get(name);
    if (known) return known;
    const created = createGroupRecorder((record, connection) => {
      void healthStore.record({ provider, group, connection, process, ...record }).catch((err: unknown) => {
        logger.info({ provider, group, err }, 'provider health write failed');
      });
    });
    recorders.set(name, created);
    return created;
  };

  return {
    called: (provider, group, error) => {
      const at = toInstant(Date.now());
      const recorder = recorderOf(provider, group);
      if (error === undefined) recorder.update({ lastSuccessAt: at }, false);
      else if (error instanceof ProviderError)
        recorder.update({ lastFailureAt: at, lastFailure: faultSummary(error) }, false);
    },
    circuit: (provider, group, connection, circuit, untilMs) => {
      const recorder = recorderOf(provider, group);
      const opensAgainAt = untilMs === undefined ? undefined : toInstant(untilMs);
      if (connection === undefined) recorder.update({ circuit, opensAgainAt }, true);
      else recorder.write({ circuit, opensAgainAt }, connection);
    },
  };
};

interface GroupRecorder {
  /** Writes the row of the group, immediately or when the interval has passed. */
  update(change: Partial<HealthRecord>, isUrgent: boolean): void;
  write(record: HealthRecord, connection?: string): void;
}

const createGroupRecorder = (write: GroupRecorder['write']): GroupRecorder => {
  let record: HealthRecord = { circuit: 'closed' };
  let writtenAt = -Infinity;
  let isWaiting = false;

  /** The last change may be the last for hours, so that it must not be dropped. */
  const writeSoon = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      update({}, true);
    }, healthWriteIntervalMs).unref();
  };
  const update = (change: Partial<HealthRecord>, isUrgent: boolean): void => {
    record = { ...record, ...change };
    const now = Date.now();
    if (!isUrgent && now - writtenAt < healthWriteIntervalMs) {
      writeSoon();
      return;
    }
    writtenAt = now;
    write(record);
  };
  return { update, write };
};
