/**
 * How each integration does: whether the provider answers, and what the processes and the database know of it. Asked at
 * most every so often: the question is public, and providers count calls.
 */
import type { IntegrationFacts } from '../../db/providers/health.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import {
  adviceOn,
  type IntegrationState,
  type QuotaUsage,
  type ReportedFacts,
} from './integration-advice.ts';

const cacheTtlMs = 15_000;
/** Shorter than monitors and people wait: who has not answered by then does not answer as it should. */
const checkTimeoutMs = 3_000;

export type IntegrationChecks = Readonly<Partial<Record<VendorName, () => Promise<void>>>>;

/** A quota as a person should read of it. */
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
  /** The kind of the provider's fault; what the vendor said is nobody's business here. */
  readonly fault?: string | undefined;
  readonly summary: string;
  readonly whatToDo: string;
  /** Undefined when the database cannot be asked. */
  readonly facts?: ReportedFacts | undefined;
}

/** Whoever asks while a check is under way waits for that one. */
export const createIntegrationHealthReader = (
  parts: IntegrationHealthDependencies,
): ((provider: VendorName) => Promise<IntegrationHealth>) => {
  const kept = new Map<VendorName, { readonly until: number; readonly health: Promise<IntegrationHealth> }>();
  return (provider) => {
    const known = kept.get(provider);
    if (known && known.until > Date.now()) return known.health;
    const health = healthOf(provider, parts);
    kept.set(provider, { until: Date.now() + cacheTtlMs, health });
    return health;
  };
};

const healthOf = async (
  provider: VendorName,
  { checks, facts: ask, quotas, now, timeoutMs = checkTimeoutMs }: IntegrationHealthDependencies,
): Promise<IntegrationHealth> => {
  const [probe, facts] = await Promise.all([
    withTimeout(probeOf(checks[provider]), timeoutMs, { kind: 'failed', fault: 'outage' } as const),
    withTimeout(
      ask(provider, now()).catch(() => undefined),
      timeoutMs,
      undefined,
    ),
  ]);
  const checkedAt = now();
  const known: IntegrationState = {
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
    ...adviceOn(known),
    facts: known.facts,
  };
};

/** What is late goes on by itself, and nobody listens to it any more. */
const withTimeout = async <Answer, Late>(
  answer: Promise<Answer>,
  withinMs: number,
  late: Late,
): Promise<Answer | Late> => {
  const { promise, resolve } = Promise.withResolvers<Late>();
  const timer = setTimeout(resolve, withinMs, late);
  try {
    return await Promise.race([answer, promise]);
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

/** All of the provider's, used or not: what is not used yet is worth knowing too. */
const useOf = (
  provider: VendorName,
  { quotas: inUse }: IntegrationFacts,
  quotas: readonly QuotaDescription[],
): readonly QuotaUsage[] =>
  quotas
    .filter((quota) => quota.provider === provider && quota.limit > 0)
    .map(({ name, limit, description }) => ({
      quota: name,
      limit,
      used: Math.min(inUse.find(({ quota }) => quota === name)?.used ?? 0, limit),
      about: description,
    }));
