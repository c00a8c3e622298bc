/**
 * Where the use of quotas is written down, for all processes together: asked by `providers/calls/`, kept by
 * `db/providers/quotas.ts`, which do not know each other.
 */

/** An account at a provider, and for whom it is used. */
export interface QuotaKey {
  readonly provider: string;
  readonly quota: string;
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
  /** What one organization may have of it while there are others. */
  readonly organizationLimit: number;
  /** The part of the window before this one that still counts: 0 to 1. */
  readonly previousWindowWeight: number;
}

export interface QuotaStore {
  /**
   * All or nothing, for all processes together, in one statement. `used` is what the account has used in this window,
   * with this claim where it was granted; `before` what it had used in the window before.
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
  /** What was taken and is not used after all. */
  returnUnused(user: QuotaKey, window: QuotaWindow, count: number): Promise<void>;
  /** The vendor has said itself that nothing is left until then. */
  markExhausted(provider: string, account: string, untilMs: number): Promise<void>;
  /** All accounts that are closed now. */
  listExhausted(
    nowMs: number,
  ): Promise<readonly { readonly provider: string; readonly account: string; readonly untilMs: number }[]>;
  /** One of so many places, or undefined when all are taken. Whoever does not release loses it after `leaseMs`. */
  acquireLease(user: QuotaKey, places: number, leaseMs: number): Promise<QuotaLease | undefined>;
  releaseLease(lease: QuotaLease): Promise<void>;
}

interface QuotaLease {
  readonly id: string;
  /** Whose turn it is in that place: a late release must not free the next one's. */
  readonly turn: string;
}
