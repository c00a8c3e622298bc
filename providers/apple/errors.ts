/**
 * Maps the errors of CalDAV servers to faults. The statuses are those of RFC 4918 and RFC 4791. Apple answers 401 to the
 * account's main password: https://support.apple.com/102654.
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
  // Our own codes.
  { code: 'address_not_allowed', fault: 'rejected_input' },
  { code: 'leads_elsewhere', fault: 'rejected_input' },
  { code: 'no_calendar_server', fault: 'rejected_input' },
  { code: 'name_unknown', fault: 'rejected_input' },
  { code: 'answer_too_large', fault: 'rejected_input' },
  { code: 'not_a_calendar', fault: 'not_found' },
  { code: 'too_many_events', fault: 'rejected_input' },
  { code: 'no_conference', fault: 'not_permitted' },
  { code: 'event_of_another', fault: 'conflict' },
  { code: 'event_keeps_changing', fault: 'retry', effect: 'none' },
  // The id of the event exists in another calendar of the account (RFC 4791, section 5.3.2.1).
  { code: 'no-uid-conflict', fault: 'conflict' },
  // The deleted event keeps its UID in the trash of a Nextcloud account.
  { code: 'uid_in_trash', fault: 'conflict' },
  // Preconditions that another request would not meet either.
  { code: 'max-resource-size', fault: 'rejected_input' },
  { code: 'valid-calendar-data', fault: 'rejected_input' },
  { code: 'valid-calendar-object-resource', fault: 'rejected_input' },
  { code: 'supported-calendar-component', fault: 'not_permitted' },
  // RFC 4331, section 6. Nothing else of the account is limited.
  { code: 'storage_full', fault: 'not_permitted' },
  { status: 401, fault: 'reconnect' },
  { status: 423, fault: 'retry' },
  ...httpRows,
];

/**
 * RFC 9110, section 15.5.6: the resource supports no such method. To a write, it is the answer of a calendar that can only be
 * read. Each calendar supports all methods of reading (RFC 4791, section 7; RFC 4918, section 9.1), and privileges that are missing are a
 * 403 (RFC 3744, section 7.1.1): the server cannot be read as a calendar server, and another query is of no use.
 */
const writeErrors: readonly ErrorRow[] = [{ status: 405, fault: 'not_permitted' }, ...appleErrors];
const readErrors: readonly ErrorRow[] = [{ status: 405, fault: 'rejected_input' }, ...appleErrors];

/** Returns the error for a failed answer. */
export const appleError = (operation: ProviderOperation, failure: VendorFailure): ProviderError =>
  providerError(operation, faultOf(operation.writes ? writeErrors : readErrors, failure, operation), failure);

/** Messages for the person, shown above the form. */
export const userMessages = {
  wrongPassword:
    'The server rejected this name and password. Apple requires an app-specific password, created at account.apple.com. Changing the password of the Apple account revokes all app-specific passwords.',
  leadsElsewhere:
    'The server redirects to a server of another owner, which does not get the password. Enter the address of that server if you trust it.',
  noCalendarServer: 'No calendar of this account was found at the address.',
  nameUnknown: 'There is no server with this name. Check the address.',
  tooLarge: 'The answer of the server is too large for a calendar server. Check the address.',
} as const;

/** Returns a thrown error as a `ProviderError`. */
export const fromApple = (operation: ProviderOperation, error: unknown, call: CallContext): ProviderError => {
  if (error instanceof ProviderError) return error;
  if (isAddressNotAllowed(error)) {
    return appleError(operation, { code: 'address_not_allowed', message: error.message });
  }
  const fault = transportError(operation, error, call);
  // A person has just entered the address. The name of a connected server was known before: its DNS fails for some time.
  return fault.vendor.code === 'ENOTFOUND' && operation.name === 'account.connect'
    ? appleError(operation, { code: 'name_unknown', message: userMessages.nameUnknown })
    : fault;
};
