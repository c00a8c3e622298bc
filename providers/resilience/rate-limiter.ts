/** Takes what a quota allows in a stretch of time. */
import type { QuotaBook, QuotaUser, QuotaWindow } from '../../domain/providers/quota-book.ts';
import { type RateQuota, warnFrom } from './quotas.ts';

export interface QuotaUse {
  readonly provider: string;
  readonly quota: string;
  readonly used: number;
  readonly limit: number;
  /** With this use it went beyond the part from which a person should know. */
  readonly warns: boolean;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;

export interface Refusal {
  readonly kind: 'refused';
  readonly by: 'limit' | 'share';
  readonly untilMs: number;
}

/** What this process has taken of an account's window and not used yet. */
interface Holding {
  readonly startMs: number;
  left: number;
  /** The size of the next chunk. */
  next: number;
  /** Settles when the claim that is under way does. */
  claiming?: Promise<void> | undefined;
}

const keyOf = ({ quota, account, organization }: QuotaUser): string => `${quota} ${account} ${organization}`;

interface Taken {
  readonly kind: 'taken';
  /** Back into the window it was taken from, and never into the next one, which has not had it. */
  giveBack(): Promise<void>;
}

export interface RateTaking {
  take(user: QuotaUser, quota: RateQuota, count: number): Promise<Taken | Refusal>;
}

/**
 * Takes from the book in chunks that grow with use, 1, 2, 4 and so on: whoever makes few calls takes few, whoever makes
 * many pays one statement for many of them. What is left at the end of a window is lost.
 */
export const takeByChunks = (
  book: Pick<QuotaBook, 'take' | 'giveBack'>,
  onUse: (use: QuotaUse) => void,
  now: () => number,
): RateTaking => {
  const holdings = new Map<string, Holding>();

  const claim = async (
    user: QuotaUser,
    quota: RateQuota,
    window: QuotaWindow,
    count: number,
    at: number,
  ): Promise<Refusal | undefined> => {
    const share = Math.max(1, Math.floor(quota.limit * (quota.share ?? 1)));
    const carried = quota.window === 'sliding_minute' ? (window.endMs - at) / minuteMs : 0;
    const answer = await book.take({ ...user, window, count, limit: quota.limit, share, carried });
    const { provider } = quota;
    if (answer.kind === 'granted') {
      const warnAt = quota.limit * warnFrom;
      const { used } = answer;
      const warns = used >= warnAt && used - count < warnAt;
      onUse({ provider, quota: user.quota, used, limit: quota.limit, warns });
      return undefined;
    }
    if (answer.by === 'limit') {
      onUse({ provider, quota: user.quota, used: quota.limit, limit: quota.limit, warns: false });
    }
    return { kind: 'refused', by: answer.by, untilMs: freeAgainAt(quota, window, count, answer, at) };
  };

  const holdingOf = (user: QuotaUser, quota: RateQuota, at: number): Holding => {
    const { startMs } = windowOf(quota, at);
    const key = keyOf(user);
    const known = holdings.get(key);
    const holding = known?.startMs === startMs ? known : { startMs, left: 0, next: 1 };
    holdings.delete(key);
    holdings.set(key, holding);
    forgetOldest(holdings);
    return holding;
  };

  const claimChunk = async (
    user: QuotaUser,
    quota: RateQuota,
    count: number,
    holding: Holding,
    at: number,
  ): Promise<Refusal | undefined> => {
    const window = windowOf(quota, at);
    const wanted = Math.max(count, Math.min(holding.next, quota.chunk));
    holding.next = Math.min(holding.next * 2, quota.chunk);
    const refusal = await claim(user, quota, window, wanted, at);
    if (!refusal) {
      holding.left += wanted - count;
      return undefined;
    }
    // The rest may still be enough for this one call.
    return wanted > count ? claim(user, quota, window, count, at) : refusal;
  };

  const taken = (user: QuotaUser, quota: RateQuota, count: number, window: QuotaWindow): Taken => ({
    kind: 'taken',
    giveBack: async () => {
      const holding = holdings.get(keyOf(user));
      if (quota.chunk > 1 && holding?.startMs === window.startMs) holding.left += count;
      else await book.giveBack(user, window, count);
    },
  });

  return {
    take: async (user: QuotaUser, quota: RateQuota, count: number): Promise<Taken | Refusal> => {
      const holding = holdingOf(user, quota, now());
      // One claim at a time: a burst would else take a chunk for each of its calls.
      while (holding.left < count && holding.claiming) await holding.claiming;
      if (holding.left >= count) {
        holding.left -= count;
        return taken(user, quota, count, windowOf(quota, holding.startMs));
      }
      const at = now();
      const claiming = claimChunk(user, quota, count, holding, at);
      if (quota.chunk > 1) {
        holding.claiming = claiming.then(
          () => undefined,
          () => undefined,
        );
      }
      try {
        return (await claiming) ?? taken(user, quota, count, windowOf(quota, at));
      } finally {
        holding.claiming = undefined;
      }
    },
  };
};

/** Accounts whose chunks are kept at hand. What a forgotten one held is lost, no more. */
const holdingsAtMost = 2_000;

const forgetOldest = (holdings: Map<string, Holding>): void => {
  const [oldest] = holdings.keys();
  if (holdings.size > holdingsAtMost && oldest !== undefined) holdings.delete(oldest);
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
const freeAgainAt = (
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
