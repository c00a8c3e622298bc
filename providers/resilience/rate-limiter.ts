/** Reserves requests of a rate quota. */
import type { QuotaKey, QuotaStore, QuotaWindow } from '../../domain/providers/quota-store.ts';
import { quotaWarningRatio, type RateQuota } from './quotas.ts';

export interface QuotaUsage {
  readonly provider: string;
  readonly quota: string;
  readonly used: number;
  readonly limit: number;
  /** Whether this use crossed `quotaWarningRatio`. */
  readonly crossesWarningRatio: boolean;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;

export interface QuotaRejection {
  readonly kind: 'refused';
  readonly by: 'limit' | 'share';
  readonly untilMs: number;
}

/** The requests that this process has reserved in an account's window and not used yet. */
interface LocalAllowance {
  readonly startMs: number;
  remaining: number;
  /** The size of the next chunk. */
  nextChunkSize: number;
  /** Settles when the running claim does. */
  pendingClaim?: Promise<void> | undefined;
}

const keyOf = ({ quota, account, organization }: QuotaKey): string => `${quota} ${account} ${organization}`;

interface QuotaGrant {
  readonly kind: 'taken';
  /** Returns the requests to the window they were taken from, never to a later window. */
  refund(): Promise<void>;
}

export interface RateLimiter {
  /** Takes `count` requests, or returns until when they are not available. */
  take(key: QuotaKey, quota: RateQuota, count: number): Promise<QuotaGrant | QuotaRejection>;
}

/**
 * Creates the rate limiter of one process. It reserves chunks in the store that grow with use (1, 2, 4, …): a process
 * with few calls reserves few requests, and a busy one needs one statement for many calls. Requests that are not used by
 * the end of a window are lost.
 */
export const createRateLimiter = (
  store: Pick<QuotaStore, 'reserve' | 'returnUnused'>,
  onUse: (use: QuotaUsage) => void,
  now: () => number,
): RateLimiter => {
  const allowances = new Map<string, LocalAllowance>();

  const claim = async (
    key: QuotaKey,
    quota: RateQuota,
    window: QuotaWindow,
    count: number,
    at: number,
  ): Promise<QuotaRejection | undefined> => {
    const organizationLimit = organizationLimitOf(quota);
    const previousWindowWeight = quota.window === 'sliding_minute' ? (window.endMs - at) / minuteMs : 0;
    const answer = await store.reserve({
      ...key,
      window,
      count,
      limit: quota.limit,
      organizationLimit,
      previousWindowWeight,
    });
    const { provider } = quota;
    if (answer.kind === 'granted') {
      const warnAt = quota.limit * quotaWarningRatio;
      const { used } = answer;
      const crossesWarningRatio = used >= warnAt && used - count < warnAt;
      onUse({ provider, quota: key.quota, used, limit: quota.limit, crossesWarningRatio });
      return undefined;
    }
    if (answer.by === 'limit') {
      onUse({
        provider,
        quota: key.quota,
        used: quota.limit,
        limit: quota.limit,
        crossesWarningRatio: false,
      });
    }
    return { kind: 'refused', by: answer.by, untilMs: availableAgainAt(quota, window, count, answer, at) };
  };

  const allowanceOf = (key: QuotaKey, quota: RateQuota, at: number): LocalAllowance => {
    const { startMs } = windowOf(quota, at);
    const id = keyOf(key);
    const existing = allowances.get(id);
    const allowance = existing?.startMs === startMs ? existing : { startMs, remaining: 0, nextChunkSize: 1 };
    allowances.delete(id);
    allowances.set(id, allowance);
    evictOldest(allowances);
    return allowance;
  };

  const claimChunk = async (
    key: QuotaKey,
    quota: RateQuota,
    count: number,
    allowance: LocalAllowance,
    at: number,
  ): Promise<QuotaRejection | undefined> => {
    const window = windowOf(quota, at);
    const chunk = Math.max(count, Math.min(allowance.nextChunkSize, quota.chunk));
    allowance.nextChunkSize = Math.min(allowance.nextChunkSize * 2, quota.chunk);
    const rejection = await claim(key, quota, window, chunk, at);
    if (!rejection) {
      allowance.remaining += chunk - count;
      return undefined;
    }
    // What is left of the quota can still be enough for this call.
    return chunk > count ? claim(key, quota, window, count, at) : rejection;
  };

  const grantOf = (key: QuotaKey, quota: RateQuota, count: number, window: QuotaWindow): QuotaGrant => ({
    kind: 'taken',
    refund: async () => {
      const allowance = allowances.get(keyOf(key));
      if (quota.chunk > 1 && allowance?.startMs === window.startMs) allowance.remaining += count;
      else await store.returnUnused(key, window, count);
    },
  });

  return {
    take: async (key: QuotaKey, quota: RateQuota, wanted: number): Promise<QuotaGrant | QuotaRejection> => {
      // A call that needs more than the limit would be refused for ever.
      const count = Math.min(wanted, organizationLimitOf(quota));
      const allowance = allowanceOf(key, quota, now());
      // One claim at a time: otherwise a burst would reserve one chunk per call.
      while (allowance.remaining < count && allowance.pendingClaim) await allowance.pendingClaim;
      if (allowance.remaining >= count) {
        allowance.remaining -= count;
        return grantOf(key, quota, count, windowOf(quota, allowance.startMs));
      }
      const at = now();
      const claiming = claimChunk(key, quota, count, allowance, at);
      if (quota.chunk > 1) {
        allowance.pendingClaim = claiming.then(
          () => undefined,
          () => undefined,
        );
      }
      try {
        return (await claiming) ?? grantOf(key, quota, count, windowOf(quota, at));
      } finally {
        allowance.pendingClaim = undefined;
      }
    },
  };
};

/** The number of accounts with an allowance in memory. An evicted allowance loses its unused requests. */
const maxAllowances = 2_000;

const evictOldest = (allowances: Map<string, LocalAllowance>): void => {
  const [oldest] = allowances.keys();
  if (allowances.size > maxAllowances && oldest !== undefined) allowances.delete(oldest);
};

const organizationLimitOf = ({ limit, share = 1 }: RateQuota): number =>
  Math.max(1, Math.floor(limit * share));

const windowOf = (quota: RateQuota, at: number): QuotaWindow => {
  const length = quota.window === 'utc_day' ? dayMs : minuteMs;
  const startMs = Math.floor(at / length) * length;
  return { startMs, endMs: startMs + length };
};

/**
 * Returns when the same claim would be granted (epoch milliseconds). In a sliding minute, the use of the previous minute
 * weighs less every second. When the use of this minute leaves no room, the claim waits for the next minute, in which
 * the use of this one weighs fully at first.
 */
const availableAgainAt = (
  quota: RateQuota,
  { startMs, endMs }: QuotaWindow,
  count: number,
  { used, before }: { readonly used: number; readonly before: number },
  at: number,
): number => {
  if (quota.window === 'utc_day') return endMs;
  const room = quota.limit - used - count;
  if (room >= 0 && before > 0) {
    return Math.max(startMs + minuteMs * (1 - room / before), at + 1);
  }
  const nextRoom = (quota.limit - count) / Math.max(used, 1);
  return endMs + minuteMs * Math.max(0, 1 - nextRoom);
};
