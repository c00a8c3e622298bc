/** Whether each provider answers. Asked at most every so often: the question is public, and providers count calls. */
import { ProviderError, type ProviderName } from '../domain/errors.ts';
import type { Instant } from '../domain/time/instant.ts';

const keepMs = 15_000;

export interface IntegrationHealth {
  readonly provider: ProviderName;
  readonly status: 'up' | 'down';
  readonly checkedAt: Instant;
  /** The kind of the provider's fault; what the vendor said is nobody's business here. */
  readonly fault?: string | undefined;
}

/** Whoever asks while a check is under way waits for that one. */
export const watchIntegrations = (
  checks: Readonly<Record<ProviderName, () => Promise<void>>>,
  now: () => Instant,
): ((provider: ProviderName) => Promise<IntegrationHealth>) => {
  const kept = new Map<
    ProviderName,
    { readonly until: number; readonly health: Promise<IntegrationHealth> }
  >();

  const check = async (provider: ProviderName): Promise<IntegrationHealth> => {
    try {
      await checks[provider]();
      return { provider, status: 'up', checkedAt: now() };
    } catch (error) {
      const fault = error instanceof ProviderError ? error.fault.kind : 'unknown';
      return { provider, status: 'down', checkedAt: now(), fault };
    }
  };

  return (provider) => {
    const known = kept.get(provider);
    if (known && known.until > Date.now()) return known.health;
    const health = check(provider);
    kept.set(provider, { until: Date.now() + keepMs, health });
    return health;
  };
};
