/** Looks up the operations of the catalog: every call that the service makes to a vendor. */
import { namesIn, type VendorName } from '../domain/providers/vendors.ts';
import { catalog, type OperationFacts } from './catalog.ts';
import type { ProviderOperation } from './errors/error-table.ts';
import type { OperationGroup } from './operation-groups.ts';

/** One operation of the catalog, with its name and its vendor. */
export interface CallOperation extends ProviderOperation, OperationFacts {
  readonly name: AnyOperationName;
}

type Catalog = typeof catalog;
/** The operation names of all vendors. */
export type AnyOperationName = {
  [Vendor in VendorName]: keyof Catalog[Vendor]['operations'];
}[VendorName];
/** The operation names of a vendor; for several vendors, the names that all of them have. */
export type OperationName<Vendor extends VendorName> = keyof Catalog[Vendor]['operations'] & AnyOperationName;

/**
 * Returns an operation of the catalog.
 *
 * @throws {Error} when the vendor has no such operation.
 */
export const operationOf = <Vendor extends VendorName>(
  provider: Vendor,
  name: OperationName<Vendor>,
): CallOperation => {
  const rows: Readonly<Record<string, OperationFacts>> = catalog[provider].operations;
  const row = rows[name];
  if (!row)
    throw new Error(`the catalog has no operation ${name} of ${provider}; add it to providers/catalog.ts`);
  return { ...row, provider, name };
};

/** Returns the operation for a step that cannot have an effect yet, such as the read before a write. */
export const withoutEffect = <Step extends ProviderOperation>(operation: Step): Step => ({
  ...operation,
  writes: false,
});

/** Returns the operation with the requests of one call. @param requests undefined: as many as the catalog says */
export const withRequests = (operation: CallOperation, requests: number | undefined): CallOperation =>
  requests === undefined || !operation.quota
    ? operation
    : { ...operation, quota: { ...operation.quota, requests } };

/** Returns all operations of a vendor, in the order of the catalog. */
export const operationsOf = (provider: VendorName): readonly CallOperation[] => {
  const rows: Readonly<Partial<Record<AnyOperationName, OperationFacts>>> = catalog[provider].operations;
  return namesIn(rows).flatMap((name) => {
    const row = rows[name];
    return row ? [{ ...row, provider, name }] : [];
  });
};

/** Returns the groups of the vendor's operations, in the order of the catalog. */
export const operationGroupsOf = (vendor: VendorName): readonly OperationGroup[] => [
  ...new Set(operationsOf(vendor).map(({ group }) => group)),
];
