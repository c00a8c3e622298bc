/** Keeps calls within what the vendors allow their accounts, whichever process makes them. */
import { ProviderError } from '../../domain/errors.ts';
import { heldBackCodes, moment } from './held-back.ts';
import type { CallOperation } from './operations.ts';
import type { QuotaBook, QuotaUser, QuotaWindow } from './quota-book.ts';
import { type ConcurrencyQuota, type Quotas, type RateQuota, warnFrom } from './quotas.ts';

/** Whose account a call draws on, and for whom. */
export interface Drawn {
  readonly account: string;
  readonly organization: string;
}

export interface Permit {
  /** The vendor did not count the call, as far as we know. */
  giveBack(): Promise<void>;
  /** The call is over. */
  end(): Promise<void>;
}

export interface QuotaUse {
  readonly provider: string;
  readonly quota: string;
  readonly used: number;
  readonly limit: number;
  /** With this use it went beyond the part from which a person should know. */
  readonly warns: boolean;
}

export interface QuotaGuard {
  /** Throws a `ProviderError`: `quota_exhausted` with its end, or `retry_after` where it is short. Nothing was called. */
  admit(operation: CallOperation, drawn: Drawn): Promise<Permit>;
  /** The vendor said so itself: nobody else needs to run into it. */
  exhausted(operation: CallOperation, drawn: Drawn, untilMs: number): Promise<void>;
}

export interface QuotaGuardParts {
  readonly book: QuotaBook;
  readonly quotas: Quotas;
  readonly onUse: (use: QuotaUse) => void;
  readonly now?: (() => number) | undefined;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** How long another process's word that an account is closed may take to reach this one. */
const closingsKeptMs = 5_000;
/** A place at a mailbox is free again as soon as one of the calls in it ends. */
const placeFreeWithinMs = 1_000;

export const createQuotaGuard = ({ book, quotas, onUse, now = Date.now }: QuotaGuardParts): QuotaGuard => {
  const closings = rememberClosings(book, now);
  const rates = takeByChunks(book, onUse, now);

  const admitToRate = async (operation: CallOperation, quota: RateQuota, count: number, drawn: Drawn) => {
    const user = { provider: quota.provider, quota: operation.quota?.name ?? '', ...drawn };
    const refusal = await rates.take(user, quota, count);
    if (refusal) throw refused(operation, quota, refusal);
    return {
      giveBack: () => rates.giveBack(user, quota, count),
      end: nothing,
    };
  };

  const admitToPlace = async (operation: CallOperation, quota: ConcurrencyQuota, drawn: Drawn) => {
    const user = { provider: quota.provider, quota: operation.quota?.name ?? '', ...drawn };
    const lease = await book.lease(user, quota.limit, quota.leaseMs);
    if (!lease) {
      throw new ProviderError(
        operation.provider,
        operation.name,
        { kind: 'retry_after', delayMs: placeFreeWithinMs },
        { code: heldBackCodes.quota, message: `not called: all of ${quota.words} are under way` },
      );
    }
    return { giveBack: nothing, end: () => book.release(lease) };
  };

  return {
    admit: async (operation, drawn) => {
      const closedUntil = await closings.untilMs(operation.provider, closingOf(operation, drawn));
      if (closedUntil !== undefined) throw closedByVendor(operation, closedUntil);
      if (!operation.quota) return free;
      const { name, requests } = operation.quota;
      const quota = quotas[name];
      if (quota.limit === 0) return free;
      return quota.window === 'at_once'
        ? admitToPlace(operation, quota, drawn)
        : admitToRate(operation, quota, requests, drawn);
    },
    exhausted: (operation, drawn, untilMs) =>
      closings.add(operation.provider, closingOf(operation, drawn), untilMs),
  };
};

const nothing = async (): Promise<void> => {};
const free: Permit = { giveBack: nothing, end: nothing };

/**
 * What the vendor has closed: at Zoom the writes of a host and not what only looks, elsewhere the account. So a
 * vendor's word about one kind of call does not keep back the other.
 */
const closingOf = ({ quota, writes }: CallOperation, { account }: Drawn): string =>
  `${account}/${quota ? quota.name : writes ? 'writes' : 'reads'}`;

const rememberClosings = (book: QuotaBook, now: () => number) => {
  let known = new Map<string, number>();
  let asked: { readonly at: number; readonly answer: Promise<void> } | undefined;
  const keyOf = (provider: string, account: string) => `${provider} ${account}`;

  const read = async (at: number): Promise<void> => {
    const closed = await book.closed(at);
    known = new Map(closed.map(({ provider, account, untilMs }) => [keyOf(provider, account), untilMs]));
  };
  const refresh = async (): Promise<void> => {
    const at = now();
    if (!asked || at - asked.at >= closingsKeptMs || at < asked.at) asked = { at, answer: read(at) };
    try {
      await asked.answer;
    } catch (error) {
      asked = undefined;
      throw error;
    }
  };
  return {
    untilMs: async (provider: string, account: string): Promise<number | undefined> => {
      await refresh();
      const untilMs = known.get(keyOf(provider, account));
      return untilMs !== undefined && untilMs > now() ? untilMs : undefined;
    },
    add: async (provider: string, account: string, untilMs: number): Promise<void> => {
      known.set(keyOf(provider, account), untilMs);
      await book.close(provider, account, untilMs);
    },
  };
};

interface Refusal {
  readonly by: 'limit' | 'share';
  readonly untilMs: number;
}

/** What this process has taken of an account's window and not used yet. */
interface Holding {
  readonly startMs: number;
  left: number;
  next: number;
}

/**
 * Takes from the book in chunks that grow with use, 1, 2, 4 and so on: whoever makes few calls takes few, whoever makes
 * many pays one statement for many of them. What is left at the end of a window is lost.
 */
const takeByChunks = (book: QuotaBook, onUse: QuotaGuardParts['onUse'], now: () => number) => {
  const holdings = new Map<string, Holding>();

  const claim = async (
    user: QuotaUser,
    quota: RateQuota,
    window: QuotaWindow,
    count: number,
    at: number,
  ): Promise<Refusal | undefined> => {
    const share = Math.floor(quota.limit * (quota.share ?? 1));
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
    return { by: answer.by, untilMs: freeAgainAt(quota, window, count, answer, at) };
  };

  return {
    take: async (user: QuotaUser, quota: RateQuota, count: number): Promise<Refusal | undefined> => {
      const at = now();
      const window = windowOf(quota, at);
      const key = `${user.quota} ${user.account} ${user.organization}`;
      const known = holdings.get(key);
      const holding: Holding =
        known?.startMs === window.startMs ? known : { startMs: window.startMs, left: 0, next: 1 };
      holdings.delete(key);
      holdings.set(key, holding);
      forgetOldest(holdings);
      if (holding.left >= count) {
        holding.left -= count;
        return undefined;
      }
      const wanted = Math.max(count, Math.min(holding.next, quota.chunk));
      holding.next = Math.min(holding.next * 2, quota.chunk);
      const refusal = await claim(user, quota, window, wanted, at);
      if (!refusal) {
        holding.left += wanted - count;
        return undefined;
      }
      // The rest may still be enough for this one call.
      return wanted > count ? claim(user, quota, window, count, at) : refusal;
    },
    giveBack: async (user: QuotaUser, quota: RateQuota, count: number): Promise<void> => {
      const holding = holdings.get(`${user.quota} ${user.account} ${user.organization}`);
      const window = windowOf(quota, now());
      if (quota.chunk > 1 && holding?.startMs === window.startMs) holding.left += count;
      else await book.giveBack(user, window, count);
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

/** Longer than this it is worth saying that a quota is spent; shorter, it is a pace. */
const shortWindowMs = 2 * minuteMs;

const refused = (
  { provider, name }: CallOperation,
  quota: RateQuota,
  { by, untilMs }: Refusal,
): ProviderError => {
  const used =
    by === 'share'
      ? `the organization has its share of ${quota.words} of the account that all organizations use; the rest is kept for the others`
      : `${quota.words} are used up`;
  const delayMs = Math.max(Math.ceil(untilMs - Date.now()), 1);
  return new ProviderError(
    provider,
    name,
    delayMs <= shortWindowMs && quota.window === 'sliding_minute'
      ? { kind: 'retry_after', delayMs }
      : { kind: 'quota_exhausted', untilMs },
    { code: heldBackCodes.quota, message: `not called: ${used}, until ${moment(untilMs)}` },
  );
};

const closedByVendor = ({ provider, name }: CallOperation, untilMs: number): ProviderError =>
  new ProviderError(
    provider,
    name,
    { kind: 'quota_exhausted', untilMs },
    {
      code: heldBackCodes.quota,
      message: `not called: ${provider} has said that the quota of the account is spent, until ${moment(untilMs)}`,
    },
  );
