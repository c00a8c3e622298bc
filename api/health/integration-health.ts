/**
 * Reads the health of each integration: a probe of the provider, and the facts that the processes have recorded. Results
 * are cached, because the route is public and providers count calls.
 */
import type { IntegrationFacts } from '../../db/providers/health.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import {
  adviceOn,
  type IntegrationState,
  type QuotaLevel,
  type ReportedFacts,
} from './integration-advice.ts';
import { adviceOnService, type ServiceFacts } from './service-advice.ts';

const cacheTtlMs = 5_000;
/** Shorter than the timeout of monitoring. A provider that takes longer is reported as down. */
const checkTimeoutMs = 3_000;

export type IntegrationChecks = Readonly<Partial<Record<VendorName, () => Promise<void>>>>;

/** A quota with a description for operators. */
export interface QuotaDescription {
  readonly provider: string;
  readonly name: string;
  readonly limit: number;
  readonly description: string;
}

export interface IntegrationHealthDependencies {
  readonly checks: IntegrationChecks;
  readonly facts: (provider: VendorName, now: Instant) => Promise<IntegrationFacts>;
  readonly quotas: readonly QuotaDescription[];
  readonly now: () => Instant;
  readonly timeoutMs?: number | undefined;
}

export interface IntegrationHealth {
  readonly provider: VendorName;
  readonly status: 'up' | 'down';
  readonly checkedAt: Instant;
  /** The kind of the provider's fault. Never the vendor's text: the route is public. */
  readonly fault?: string | undefined;
  readonly summary: string;
  readonly whatToDo: string;
  /** Undefined when the database does not respond. */
  readonly facts?: ReportedFacts | undefined;
}

/** Creates the reader. Concurrent requests share one check, and its result is cached for five seconds. */
export const createIntegrationHealthReader = (
  dependencies: IntegrationHealthDependencies,
): ((provider: VendorName) => Promise<IntegrationHealth>) => {
  const cache = new Map<
    VendorName,
    { readonly until: number; readonly health: Promise<IntegrationHealth> }
  >();
  return (provider) => {
    const cached = cache.get(provider);
    if (cached && cached.until > Date.now()) return cached.health;
    const health = healthOf(provider, dependencies);
    cache.set(provider, { until: Date.now() + cacheTtlMs, health });
    return health;
  };
};

export interface ServiceHealth {
  readonly summary: string;
  readonly whatToDo: string;
  /** Undefined when the database does not respond. */
  readonly facts?: ServiceFacts | undefined;
}

/** Creates the reader of what waits and belongs to no provider. Its result is cached for five seconds. */
export const createServiceHealthReader = (
  read: () => Promise<ServiceFacts>,
): (() => Promise<ServiceHealth>) => {
  let cached: { readonly until: number; readonly health: Promise<ServiceHealth> } | undefined;
  const readHealth = async (): Promise<ServiceHealth> => {
    const facts = await withTimeout(
      read().catch(() => undefined),
      checkTimeoutMs,
      undefined,
    );
    return { ...adviceOnService(facts), ...(facts && { facts }) };
  };
  return () => {
    if (!cached || cached.until <= Date.now())
      cached = { until: Date.now() + cacheTtlMs, health: readHealth() };
    return cached.health;
  };
};

const healthOf = async (
  provider: VendorName,
  { checks, facts: readFacts, quotas, now, timeoutMs = checkTimeoutMs }: IntegrationHealthDependencies,
): Promise<IntegrationHealth> => {
  const [probe, facts] = await Promise.all([
    withTimeout(probeOf(checks[provider]), timeoutMs, { kind: 'failed', fault: 'outage' } as const),
    withTimeout(
      readFacts(provider, now()).catch(() => undefined),
      timeoutMs,
      undefined,
    ),
  ]);
  const checkedAt = now();
  const state: IntegrationState = {
    provider,
    probe,
    at: checkedAt,
    facts: facts && { ...facts, quotas: useOf(provider, facts, quotas) },
  };
  const isDown = probe.kind === 'failed' || facts?.circuit === 'open';
  return {
    provider,
    status: isDown ? 'down' : 'up',
    checkedAt,
    ...(probe.kind === 'failed' ? { fault: probe.fault } : {}),
    ...adviceOn(state),
    facts: state.facts,
  };
};

/** Returns `fallback` after the timeout. The work itself continues, and its result is ignored. */
const withTimeout = async <Result, Fallback>(
  work: Promise<Result>,
  timeoutMs: number,
  fallback: Fallback,
): Promise<Result | Fallback> => {
  const { promise, resolve } = Promise.withResolvers<Fallback>();
  const timer = setTimeout(resolve, timeoutMs, fallback);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
};

const probeOf = async (check: (() => Promise<void>) | undefined): Promise<IntegrationState['probe']> => {
  if (!check) return { kind: 'none' };
  try {
    await check();
    return { kind: 'answers' };
  } catch (error) {
    return { kind: 'failed', fault: error instanceof ProviderError ? error.fault.kind : 'unknown' };
  }
};

/** Returns the use of all quotas of the provider, including those with no use yet. */
const useOf = (
  provider: VendorName,
  { quotas: inUse }: IntegrationFacts,
  quotas: readonly QuotaDescription[],
): readonly QuotaLevel[] =>
  quotas
    .filter((quota) => quota.provider === provider && quota.limit > 0)
    .map(({ name, limit, description }) => ({
      quota: name,
      limit,
      used: Math.min(inUse.find(({ quota }) => quota === name)?.used ?? 0, limit),
      about: description,
    }));
