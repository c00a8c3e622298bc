/**
 * What can go wrong on the way to a CalDAV server. The statuses are those of RFC 4918 and RFC 4791; that Apple answers
 * 401 to the account's own password: https://support.apple.com/102654.
 */
import { ProviderError } from '../../domain/errors.ts';
import {
  type ErrorRow,
  faultOf,
  httpRows,
  type ProviderOperation,
  providerError,
  type VendorFailure,
} from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import { isAddressNotAllowed } from '../outbound/address-rules.ts';
import type { CallContext } from '../ports.ts';

const appleErrors: readonly ErrorRow[] = [
  // Our own words.
  { code: 'address_not_allowed', fault: 'rejected_input' },
  { code: 'leads_elsewhere', fault: 'rejected_input' },
  { code: 'no_calendar_server', fault: 'rejected_input' },
  { code: 'answer_too_large', fault: 'rejected_input' },
  { status: 401, fault: 'reconnect' },
  { status: 423, fault: 'retry' },
  ...httpRows,
];

export const appleError = (operation: ProviderOperation, failure: VendorFailure): ProviderError =>
  providerError(operation, faultOf(appleErrors, failure, operation), failure);

/** There is a sentence for a person in each: the form they have filled in shows it. */
export const userMessages = {
  wrongPassword:
    'The server does not take this name and password. Apple wants an app-specific password, made at account.apple.com; all of them end when the password of the Apple account is changed.',
  leadsElsewhere: 'The server leads to one of another owner, which gets no password from us.',
  noCalendarServer: 'No calendar of this account was found at the address.',
  nameUnknown: 'There is no server of this name.',
  tooLarge: 'The server answers with more than a calendar server does.',
} as const;

/** Whatever was thrown on the way, as ours. */
export const fromApple = (operation: ProviderOperation, error: unknown, call: CallContext): ProviderError => {
  if (error instanceof ProviderError) return error;
  if (isAddressNotAllowed(error)) {
    const message = error instanceof Error ? error.message : 'The address may not be called.';
    return appleError(operation, { code: 'address_not_allowed', message });
  }
  const fault = transportError(operation, error, call);
  return fault.vendor.code === 'ENOTFOUND'
    ? appleError(operation, { code: 'no_calendar_server', message: userMessages.nameUnknown })
    : fault;
};
