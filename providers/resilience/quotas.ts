/**
 * Combines the quotas of the catalog with the limits of the settings. A quota belongs to an account; the rate of the
 * whole application is the rate of the vendor's task queue.
 */
import { type VendorName, vendorNames } from '../../domain/providers/vendors.ts';
import { type ConcurrencyQuotaRow, catalog, type RateQuotaRow } from '../catalog.ts';

interface QuotaFacts {
  readonly provider: VendorName;
  readonly limit: number;
  /** In words: "100 meetings made or moved a day". */
  readonly description: string;
}

/** A number of requests in a window of time. */
export type RateQuota = RateQuotaRow & QuotaFacts;
/** A number of simultaneous requests. */
export type ConcurrencyQuota = ConcurrencyQuotaRow & QuotaFacts;

/** The quotas by name. */
export type Quotas = Readonly<Record<string, RateQuota | ConcurrencyQuota>>;

/** The limits set by configuration, by the name of the quota. 0: no limit. */
export type QuotaLimits = Readonly<Record<string, number>>;

const quotasOf = (provider: VendorName): Readonly<Record<string, RateQuotaRow | ConcurrencyQuotaRow>> => {
  const facts = catalog[provider];
  return 'quotas' in facts ? facts.quotas : {};
};

/** Returns every quota. A quota that is not in `limits` has the vendor's documented limit. */
export const quotasWith = (limits: QuotaLimits): Quotas =>
  Object.fromEntries(
    vendorNames.flatMap((provider) =>
      Object.entries(quotasOf(provider)).map(([name, row]) => {
        const limit = limits[name] ?? row.limit;
        return [name, { ...row, provider, limit, description: row.describe(limit) }];
      }),
    ),
  );

/** The used part of a quota from which a warning is logged and the health page shows it. */
export const quotaWarningRatio = 0.8;
