/**
 * The store of quota usage, shared by all processes. `providers/resilience/` calls it, `db/providers/quotas.ts`
 * implements it. The interface is here because neither imports the other.
 */

/** A quota of an account at a provider, and the organization that uses it. */
export interface QuotaKey {
  readonly provider: string;
  readonly quota: string;
  /** The name that `nameOf` returns. */
  readonly account: string;
  readonly organization: string;
}

export interface QuotaWindow {
  readonly startMs: number;
  readonly endMs: number;
}

export interface QuotaClaim extends QuotaKey {
  readonly window: QuotaWindow;
  readonly count: number;
  readonly limit: number;
  /** The limit of one organization while other organizations use the quota too. */
  readonly organizationLimit: number;
  /** The weight of the previous window's usage: 0 to 1. */
  readonly previousWindowWeight: number;
}

export interface QuotaStore {
  /** Returns the name of an account for the other methods. It tells nothing of the account, which can be an email address. */
  nameOf(account: string): Promise<string>;
  /**
   * Reserves the whole claim or nothing, atomically across all processes. `used` is the account's usage in this window,
   * including this claim when it was granted. `before` is the usage in the previous window.
   */
  reserve(claim: QuotaClaim): Promise<
    | { readonly kind: 'granted'; readonly used: number }
    | {
        readonly kind: 'refused';
        readonly by: 'limit' | 'share';
        readonly used: number;
        readonly before: number;
      }
  >;
  /** Returns reserved units that were not used. */
  returnUnused(user: QuotaKey, window: QuotaWindow, count: number): Promise<void>;
  /** Marks the account, or one of its operations, as exhausted until `untilMs` (epoch milliseconds), because the vendor said so. */
  markExhausted(provider: string, account: string, untilMs: number): Promise<void>;
  /** Returns the accounts that are exhausted at `nowMs`. */
  listExhausted(
    nowMs: number,
  ): Promise<readonly { readonly provider: string; readonly account: string; readonly untilMs: number }[]>;
  /**
   * Acquires one of `places` concurrent places. Returns undefined when all are taken. A lease that is not released
   * expires after `leaseMs`.
   */
  acquireLease(user: QuotaKey, places: number, leaseMs: number): Promise<QuotaLease | undefined>;
  releaseLease(lease: QuotaLease): Promise<void>;
}

interface QuotaLease {
  readonly id: string;
  /** Identifies this lease of the place, so that a late release does not free the next lease. */
  readonly turn: string;
}
