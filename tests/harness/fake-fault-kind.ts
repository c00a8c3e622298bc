import type { ProviderFaultKind } from '../../domain/errors.ts';

/**
 * `suppressed`: nothing is sent to the address of the recipient. `address_not_supported`: no mail server takes it. The last two: the
 * limits of the organization forbid it.
 */
export type FaultKind =
  | ProviderFaultKind
  | 'suppressed'
  | 'address_not_supported'
  | 'budget_spent'
  | 'country_not_allowed';

const permanent: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'suppressed',
  'address_not_supported',
  'budget_spent',
  'country_not_allowed',
  'reconnect',
  'rejected_input',
  'not_permitted',
  'not_found',
  'misconfigured',
  'sender_refused',
]);

/** Whether Temporal does not repeat the attempt. */
export const isPermanent = (kind: FaultKind): boolean => permanent.has(kind);
