/** Every call that the service makes to a vendor, from the rows of the catalog. */
import type { VendorName } from '../domain/providers/vendors.ts';
import { catalog, type OperationFacts } from './catalog.ts';
import type { ProviderOperation } from './errors/error-table.ts';

/** One row of a vendor's operations, with its name and its vendor. */
export interface CallOperation extends ProviderOperation, OperationFacts {}

type Catalog = typeof catalog;
/** The operations of a vendor; of several vendors, those that all of them have. */
export type OperationName<Vendor extends VendorName> = keyof Catalog[Vendor]['operations'] & string;

/** Returns a row of the catalog. */
export const operationOf = <Vendor extends VendorName>(
  provider: Vendor,
  name: OperationName<Vendor>,
): CallOperation => {
  const rows: Readonly<Record<string, OperationFacts>> = catalog[provider].operations;
  const row = rows[name];
  if (!row) throw new Error(`the catalog has no operation ${name} of ${provider}`);
  return { ...row, provider, name };
};

/** Returns a step of an operation before which nothing can have happened, such as a read that comes before a write. */
export const withoutEffect = <Step extends ProviderOperation>(operation: Step): Step => ({
  ...operation,
  writes: false,
});
