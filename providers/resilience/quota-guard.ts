/** Keeps the calls of all processes within the quotas of the vendors. */
import { setTimeout as pause } from 'node:timers/promises';
import { ProviderError } from '../../domain/errors.ts';
import type { QuotaStore } from '../../domain/providers/quota-store.ts';
import type { CallOperation } from '../operations.ts';
import { createExhaustedAccounts } from './exhausted-accounts.ts';
import type { ConcurrencyQuota, Quotas, RateQuota } from './quotas.ts';
import { createRateLimiter, type QuotaRejection, type QuotaUsage } from './rate-limiter.ts';
import { formatUtcTime, rejectionCodes } from './rejected-call.ts';

/** The account whose quota a call uses, and the organization it is made for. */
export interface QuotaSubject {
  readonly account: string;
  readonly organization: string;
}

interface Permit {
  /** Returns the quota of a call that the vendor probably did not count. */
  refund(): Promise<void>;
  /** Ends the lease after the call. */
  release(): Promise<void>;
}

export interface QuotaGuard {
  /**
   * Reserves the quota of one call. Waits a few seconds for one of a limited number of simultaneous calls to end: an
   * activity can read more calendars of one mailbox than are allowed simultaneously.
   *
   * @throws {ProviderError} without effect: `quota_exhausted` with the end time, or `retry_after` for a short wait.
   */
  acquire(operation: CallOperation, subject: QuotaSubject, signal?: AbortSignal): Promise<Permit>;
  /** Records that the vendor reported the quota as exhausted, for all processes. */
  markExhausted(operation: CallOperation, subject: QuotaSubject, untilMs: number): Promise<void>;
}

export interface QuotaGuardParts {
  readonly store: QuotaStore;
  readonly quotas: Quotas;
  readonly onUse: (use: QuotaUsage) => void;
  readonly now?: (() => number) | undefined;
  /** The pauses in milliseconds between the attempts to get a lease. */
  readonly leasePausesMs?: readonly number[] | undefined;
}

/** The delay of a call when all leases stay in use. A lease ends with the call that holds it. */
const concurrencyRetryMs = 1_000;

/** Together 3 s, less than half of the time that an attempt of an activity has for all its calls. */
const defaultLeasePausesMs: readonly number[] = [50, 100, 200, 400, 750, 750, 750];

/** Creates the quota guard of one process. */
export const createQuotaGuard = ({
  store,
  quotas,
  onUse,
  now = Date.now,
  leasePausesMs = defaultLeasePausesMs,
}: QuotaGuardParts): QuotaGuard => {
  const exhaustedAccounts = createExhaustedAccounts(store, now);
  const rates = createRateLimiter(store, onUse, now);

  const acquireRate = async (
    operation: CallOperation,
    quota: RateQuota,
    count: number,
    subject: QuotaSubject,
  ) => {
    const key = { provider: quota.provider, quota: operation.quota?.name ?? '', ...subject };
    const grant = await rates.take(key, quota, count);
    if (grant.kind === 'refused') throw quotaExceededError(operation, quota, grant, now());
    return { refund: () => grant.refund(), release: noop };
  };

  const acquireConcurrencySlot = async (
    operation: CallOperation,
    quota: ConcurrencyQuota,
    subject: QuotaSubject,
    signal: AbortSignal | undefined,
  ) => {
    const key = { provider: quota.provider, quota: operation.quota?.name ?? '', ...subject };
    let lease = await store.acquireLease(key, quota.limit, quota.leaseMs);
    for (const delay of leasePausesMs) {
      if (lease || signal?.aborted) break;
      // Jitter, so that several waiting calls do not ask simultaneously each time.
      await pause(delay * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      lease = await store.acquireLease(key, quota.limit, quota.leaseMs);
    }
    const acquired = lease;
    if (!acquired) {
      throw new ProviderError(
        operation.provider,
        operation.name,
        { kind: 'retry_after', delayMs: concurrencyRetryMs },
        { code: rejectionCodes.quota, message: `not called: ${quota.description} are running already` },
      );
    }
    return { refund: noop, release: () => store.releaseLease(acquired) };
  };

  /**
   * Returns what an exhausted quota blocks: the operations that share a daily quota, or else the one operation that the
   * vendor refused. An exhausted Zoom host can still be read, and a Google account that can insert no more events can
   * still be queried and cleaned up.
   */
  const exhaustionKeyOf = ({ quota, name }: CallOperation, { account }: QuotaSubject): string => {
    const isShared = quota !== undefined && quotas[quota.name]?.window === 'utc_day';
    return `${account}/${isShared ? quota.name : name}`;
  };

  return {
    acquire: async (operation, { account, organization }, signal) => {
      const subject = { account: await store.nameOf(account), organization };
      const exhaustedUntil = await exhaustedAccounts.untilMs(
        operation.provider,
        exhaustionKeyOf(operation, subject),
      );
      if (exhaustedUntil !== undefined) throw exhaustedByVendorError(operation, exhaustedUntil);
      if (!operation.quota) return unlimitedPermit;
      const { name, requests } = operation.quota;
      const quota = quotas[name];
      if (!quota || quota.limit === 0) return unlimitedPermit;
      return quota.window === 'concurrent'
        ? acquireConcurrencySlot(operation, quota, subject, signal)
        : acquireRate(operation, quota, requests, subject);
    },
    markExhausted: async (operation, { account, organization }, untilMs) => {
      const subject = { account: await store.nameOf(account), organization };
      await exhaustedAccounts.add(operation.provider, exhaustionKeyOf(operation, subject), untilMs);
    },
  };
};

const noop = async (): Promise<void> => {};
const unlimitedPermit: Permit = { refund: noop, release: noop };

const quotaExceededError = (
  { provider, name }: CallOperation,
  quota: RateQuota,
  { by, untilMs }: QuotaRejection,
  at: number,
): ProviderError => {
  const used =
    by === 'share'
      ? `the organization has used its share of ${quota.description} on the account of all organizations; the rest is reserved for the others`
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
      message: `not called: ${provider} reported the quota of the account as exhausted, until ${formatUtcTime(untilMs)}`,
    },
  );
