/** Keeps calls within what the vendors allow their accounts, whichever process makes them. */
import { ProviderError } from '../../domain/errors.ts';
import type { QuotaBook } from '../../domain/providers/quota-book.ts';
import type { CallOperation } from '../operations.ts';
import { rememberClosings } from './exhausted-accounts.ts';
import type { ConcurrencyQuota, Quotas, RateQuota } from './quotas.ts';
import { type QuotaUse, type Refusal, takeByChunks } from './rate-limiter.ts';
import { heldBackCodes, moment } from './rejected-call.ts';

/** Whose account a call draws on, and for whom. */
export interface Drawn {
  readonly account: string;
  readonly organization: string;
}

interface Permit {
  /** The vendor did not count the call, as far as we know. */
  giveBack(): Promise<void>;
  /** The call is over. */
  end(): Promise<void>;
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

/** A place at a mailbox is free again as soon as one of the calls in it ends. */
const placeFreeWithinMs = 1_000;

export const createQuotaGuard = ({ book, quotas, onUse, now = Date.now }: QuotaGuardParts): QuotaGuard => {
  const closings = rememberClosings(book, now);
  const rates = takeByChunks(book, onUse, now);

  const admitToRate = async (operation: CallOperation, quota: RateQuota, count: number, drawn: Drawn) => {
    const user = { provider: quota.provider, quota: operation.quota?.name ?? '', ...drawn };
    const taken = await rates.take(user, quota, count);
    if (taken.kind === 'refused') throw refused(operation, quota, taken, now());
    return { giveBack: () => taken.giveBack(), end: nothing };
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
      if (!quota || quota.limit === 0) return free;
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

const refused = (
  { provider, name }: CallOperation,
  quota: RateQuota,
  { by, untilMs }: Refusal,
  at: number,
): ProviderError => {
  const used =
    by === 'share'
      ? `the organization has its share of ${quota.words} of the account that all organizations use; the rest is kept for the others`
      : `${quota.words} are used up`;
  return new ProviderError(
    provider,
    name,
    quota.window === 'sliding_minute'
      ? { kind: 'retry_after', delayMs: Math.max(Math.ceil(untilMs - at), 1) }
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
