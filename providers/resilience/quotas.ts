/**
 * What the vendors allow an account: the quotas of the catalog with the limits of the settings. What a vendor allows the
 * whole application in a second is the rate of its task queue.
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

/** By the name of the quota. */
export type Quotas = Readonly<Record<string, RateQuota | ConcurrencyQuota>>;

/** The limits of the settings, by the name of the quota. 0: no limit. */
export type QuotaLimits = Readonly<Record<string, number>>;

const quotasOf = (provider: VendorName): Readonly<Record<string, RateQuotaRow | ConcurrencyQuotaRow>> => {
  const facts = catalog[provider];
  return 'quotas' in facts ? facts.quotas : {};
};

/** Returns every quota; where `limits` names none, the vendor's documented limit holds. */
export const quotasWith = (limits: QuotaLimits): Quotas =>
  Object.fromEntries(
    vendorNames.flatMap((provider) =>
      Object.entries(quotasOf(provider)).map(([name, row]) => {
        const limit = limits[name] ?? row.limit;
        return [name, { ...row, provider, limit, description: row.describe(limit) }];
      }),
    ),
  );

/** From which part of a quota on a person should know. */
export const quotaWarningRatio = 0.8;
