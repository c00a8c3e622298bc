/** Keeps calls within what the vendors allow their accounts, whichever process makes them. */
import { ProviderError } from '../../domain/errors.ts';
import type { QuotaStore } from '../../domain/providers/quota-store.ts';
import type { CallOperation } from '../operations.ts';
import { createExhaustedAccounts } from './exhausted-accounts.ts';
import type { ConcurrencyQuota, Quotas, RateQuota } from './quotas.ts';
import { createRateLimiter, type QuotaRejection, type QuotaUsage } from './rate-limiter.ts';
import { formatUtcTime, rejectionCodes } from './rejected-call.ts';

/** Whose account a call draws on, and for whom. */
export interface QuotaSubject {
  readonly account: string;
  readonly organization: string;
}

interface Permit {
  /** The vendor did not count the call, as far as we know. */
  refund(): Promise<void>;
  /** The call is over. */
  release(): Promise<void>;
}

export interface QuotaGuard {
  /** Throws a `ProviderError`: `quota_exhausted` with its end, or `retry_after` where it is short. Nothing was called. */
  acquire(operation: CallOperation, drawn: QuotaSubject): Promise<Permit>;
  /** The vendor said so itself: nobody else needs to run into it. */
  markExhausted(operation: CallOperation, drawn: QuotaSubject, untilMs: number): Promise<void>;
}

export interface QuotaGuardParts {
  readonly book: QuotaStore;
  readonly quotas: Quotas;
  readonly onUse: (use: QuotaUsage) => void;
  readonly now?: (() => number) | undefined;
}

/** A place at a mailbox is free again as soon as one of the calls in it ends. */
const concurrencyRetryMs = 1_000;

export const createQuotaGuard = ({ book, quotas, onUse, now = Date.now }: QuotaGuardParts): QuotaGuard => {
  const exhaustedAccounts = createExhaustedAccounts(book, now);
  const rates = createRateLimiter(book, onUse, now);

  const acquireRate = async (
    operation: CallOperation,
    quota: RateQuota,
    count: number,
    drawn: QuotaSubject,
  ) => {
    const user = { provider: quota.provider, quota: operation.quota?.name ?? '', ...drawn };
    const taken = await rates.take(user, quota, count);
    if (taken.kind === 'refused') throw quotaExceededError(operation, quota, taken, now());
    return { refund: () => taken.refund(), release: noop };
  };

  const acquireConcurrencySlot = async (
    operation: CallOperation,
    quota: ConcurrencyQuota,
    drawn: QuotaSubject,
  ) => {
    const user = { provider: quota.provider, quota: operation.quota?.name ?? '', ...drawn };
    const lease = await book.acquireLease(user, quota.limit, quota.leaseMs);
    if (!lease) {
      throw new ProviderError(
        operation.provider,
        operation.name,
        { kind: 'retry_after', delayMs: concurrencyRetryMs },
        { code: rejectionCodes.quota, message: `not called: all of ${quota.description} are under way` },
      );
    }
    return { refund: noop, release: () => book.releaseLease(lease) };
  };

  return {
    acquire: async (operation, drawn) => {
      const closedUntil = await exhaustedAccounts.untilMs(
        operation.provider,
        exhaustionKeyOf(operation, drawn),
      );
      if (closedUntil !== undefined) throw exhaustedByVendorError(operation, closedUntil);
      if (!operation.quota) return unlimitedPermit;
      const { name, requests } = operation.quota;
      const quota = quotas[name];
      if (!quota || quota.limit === 0) return unlimitedPermit;
      return quota.window === 'at_once'
        ? acquireConcurrencySlot(operation, quota, drawn)
        : acquireRate(operation, quota, requests, drawn);
    },
    markExhausted: (operation, drawn, untilMs) =>
      exhaustedAccounts.add(operation.provider, exhaustionKeyOf(operation, drawn), untilMs),
  };
};

const noop = async (): Promise<void> => {};
const unlimitedPermit: Permit = { refund: noop, release: noop };

/**
 * What the vendor has closed: at Zoom the writes of a host and not what only looks, elsewhere the account. So a
 * vendor's word about one kind of call does not keep back the other.
 */
const exhaustionKeyOf = ({ quota, writes }: CallOperation, { account }: QuotaSubject): string =>
  `${account}/${quota ? quota.name : writes ? 'writes' : 'reads'}`;

const quotaExceededError = (
  { provider, name }: CallOperation,
  quota: RateQuota,
  { by, untilMs }: QuotaRejection,
  at: number,
): ProviderError => {
  const used =
    by === 'share'
      ? `the organization has its share of ${quota.description} of the account that all organizations use; the rest is kept for the others`
      : `${quota.description} are used up`;
  return new ProviderError(
    provider,
    name,
    quota.window === 'sliding_minute'
      ? { kind: 'retry_after', delayMs: Math.max(Math.ceil(untilMs - at), 1) }
      : { kind: 'quota_exhausted', untilMs },
    { code: rejectionCodes.quota, message: `not called: ${used}, until ${formatUtcTime(untilMs)}` },
  );
};

const exhaustedByVendorError = ({ provider, name }: CallOperation, untilMs: number): ProviderError =>
  new ProviderError(
    provider,
    name,
    { kind: 'quota_exhausted', untilMs },
    {
      code: rejectionCodes.quota,
      message: `not called: ${provider} has said that the quota of the account is spent, until ${formatUtcTime(untilMs)}`,
    },
  );
