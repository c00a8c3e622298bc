/** Takes what a quota allows in a stretch of time. */
import type { QuotaKey, QuotaStore, QuotaWindow } from '../../domain/providers/quota-store.ts';
import { quotaWarningRatio, type RateQuota } from './quotas.ts';

export interface QuotaUsage {
  readonly provider: string;
  readonly quota: string;
  readonly used: number;
  readonly limit: number;
  /** With this use it went beyond the part from which a person should know. */
  readonly crossesWarningRatio: boolean;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;

export interface QuotaRejection {
  readonly kind: 'refused';
  readonly by: 'limit' | 'share';
  readonly untilMs: number;
}

/** What this process has taken of an account's window and not used yet. */
interface LocalAllowance {
  readonly startMs: number;
  remaining: number;
  /** The size of the next chunk. */
  nextChunkSize: number;
  /** Settles when the claim that is under way does. */
  pendingClaim?: Promise<void> | undefined;
}

const keyOf = ({ quota, account, organization }: QuotaKey): string => `${quota} ${account} ${organization}`;

interface QuotaGrant {
  readonly kind: 'taken';
  /** Back into the window it was taken from, and never into the next one, which has not had it. */
  refund(): Promise<void>;
}

export interface RateLimiter {
  take(user: QuotaKey, quota: RateQuota, count: number): Promise<QuotaGrant | QuotaRejection>;
}

/**
 * Takes from the book in chunks that grow with use, 1, 2, 4 and so on: whoever makes few calls takes few, whoever makes
 * many pays one statement for many of them. What is left at the end of a window is lost.
 */
export const createRateLimiter = (
  book: Pick<QuotaStore, 'reserve' | 'returnUnused'>,
  onUse: (use: QuotaUsage) => void,
  now: () => number,
): RateLimiter => {
  const allowances = new Map<string, LocalAllowance>();

  const claim = async (
    user: QuotaKey,
    quota: RateQuota,
    window: QuotaWindow,
    count: number,
    at: number,
  ): Promise<QuotaRejection | undefined> => {
    const organizationLimit = Math.max(1, Math.floor(quota.limit * (quota.share ?? 1)));
    const previousWindowWeight = quota.window === 'sliding_minute' ? (window.endMs - at) / minuteMs : 0;
    const answer = await book.reserve({
      ...user,
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
      onUse({ provider, quota: user.quota, used, limit: quota.limit, crossesWarningRatio });
      return undefined;
    }
    if (answer.by === 'limit') {
      onUse({
        provider,
        quota: user.quota,
        used: quota.limit,
        limit: quota.limit,
        crossesWarningRatio: false,
      });
    }
    return { kind: 'refused', by: answer.by, untilMs: availableAgainAt(quota, window, count, answer, at) };
  };

  const allowanceOf = (user: QuotaKey, quota: RateQuota, at: number): LocalAllowance => {
    const { startMs } = windowOf(quota, at);
    const key = keyOf(user);
    const known = allowances.get(key);
    const allowance = known?.startMs === startMs ? known : { startMs, remaining: 0, nextChunkSize: 1 };
    allowances.delete(key);
    allowances.set(key, allowance);
    evictOldest(allowances);
    return allowance;
  };

  const claimChunk = async (
    user: QuotaKey,
    quota: RateQuota,
    count: number,
    allowance: LocalAllowance,
    at: number,
  ): Promise<QuotaRejection | undefined> => {
    const window = windowOf(quota, at);
    const wanted = Math.max(count, Math.min(allowance.nextChunkSize, quota.chunk));
    allowance.nextChunkSize = Math.min(allowance.nextChunkSize * 2, quota.chunk);
    const refusal = await claim(user, quota, window, wanted, at);
    if (!refusal) {
      allowance.remaining += wanted - count;
      return undefined;
    }
    // The rest may still be enough for this one call.
    return wanted > count ? claim(user, quota, window, count, at) : refusal;
  };

  const taken = (user: QuotaKey, quota: RateQuota, count: number, window: QuotaWindow): QuotaGrant => ({
    kind: 'taken',
    refund: async () => {
      const allowance = allowances.get(keyOf(user));
      if (quota.chunk > 1 && allowance?.startMs === window.startMs) allowance.remaining += count;
      else await book.returnUnused(user, window, count);
    },
  });

  return {
    take: async (user: QuotaKey, quota: RateQuota, count: number): Promise<QuotaGrant | QuotaRejection> => {
      const allowance = allowanceOf(user, quota, now());
      // One claim at a time: a burst would else take a chunk for each of its calls.
      while (allowance.remaining < count && allowance.pendingClaim) await allowance.pendingClaim;
      if (allowance.remaining >= count) {
        allowance.remaining -= count;
        return taken(user, quota, count, windowOf(quota, allowance.startMs));
      }
      const at = now();
      const claiming = claimChunk(user, quota, count, allowance, at);
      if (quota.chunk > 1) {
        allowance.pendingClaim = claiming.then(
          () => undefined,
          () => undefined,
        );
      }
      try {
        return (await claiming) ?? taken(user, quota, count, windowOf(quota, at));
      } finally {
        allowance.pendingClaim = undefined;
      }
    },
  };
};

/** Accounts whose chunks are kept at hand. What a forgotten one held is lost, no more. */
const maxAllowances = 2_000;

const evictOldest = (holdings: Map<string, LocalAllowance>): void => {
  const [oldest] = holdings.keys();
  if (holdings.size > maxAllowances && oldest !== undefined) holdings.delete(oldest);
};

const windowOf = (quota: RateQuota, at: number): QuotaWindow => {
  const length = quota.window === 'utc_day' ? dayMs : minuteMs;
  const startMs = Math.floor(at / length) * length;
  return { startMs, endMs: startMs + length };
};

/**
 * When the same claim would fit. In a sliding minute, what was used in the one before counts less with each second;
 * where this minute's own use leaves no room, it is that of the next, which begins with all of it.
 */
const availableAgainAt = (
  quota: RateQuota,
  { startMs, endMs }: QuotaWindow,
  count: number,
  { used, before }: { readonly used: number; readonly before: number },
  at: number,
): number => {
  if (quota.window === 'utc_day') return endMs;
  const roomBeside = quota.limit - used - count;
  if (roomBeside >= 0 && before > 0) {
    return Math.max(startMs + minuteMs * (1 - roomBeside / before), at + 1);
  }
  const nextRoom = (quota.limit - count) / Math.max(used, 1);
  return endMs + minuteMs * Math.max(0, 1 - nextRoom);
};
