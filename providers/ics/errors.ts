/** Maps the failures of calendar feeds to faults. Messages never contain the address, because it is a secret. */
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
import { AnswerTooLarge } from '../http/limited-body.ts';
import { isAddressNotAllowed } from '../outbound/address-rules.ts';
import type { CallContext } from '../ports.ts';

/**
 * A server that answers 200 with something else than a calendar can be in maintenance, so a later attempt can succeed. A
 * status that denies the calendar is final: its owner has unpublished it, or has reset its address. Google answers 404 to
 * the public address of a calendar that is not public.
 */
const feedErrors: readonly ErrorRow[] = [
  { code: 'address_not_allowed', fault: 'rejected_input' },
  { code: 'answer_too_large', fault: 'rejected_input' },
  { code: 'too_many_events', fault: 'rejected_input' },
  { code: 'web_page', fault: 'outage' },
  { code: 'not_a_calendar', fault: 'outage' },
  { code: 'incomplete_calendar', fault: 'retry' },
  { status: 401, fault: 'reconnect' },
  { status: 403, fault: 'reconnect' },
  { status: 404, fault: 'reconnect' },
  { status: 410, fault: 'reconnect' },
  ...httpRows,
];

export const feedMessages = {
  denied:
    'The address gives no access to a calendar. The calendar is private or unpublished, or its owner has reset the address. Enter its present secret address.',
  webPage:
    'The address leads to a web page and not to a calendar. Enter the address in iCal format; it usually ends with .ics.',
  notCalendar: 'What the address leads to is not a calendar in iCalendar format.',
  incomplete: 'The calendar ends in the middle. An incomplete calendar does not count as free time.',
  tooLarge: 'The calendar is larger than 16 MB. Publish a calendar without old events.',
} as const;

/** Returns the error for a failed answer. */
export const feedError = (operation: ProviderOperation, failure: VendorFailure): ProviderError =>
  providerError(operation, faultOf(feedErrors, failure, operation), failure);

/** Returns a thrown error as a `ProviderError`. */
export const fromFeed = (operation: ProviderOperation, error: unknown, call: CallContext): ProviderError => {
  if (error instanceof ProviderError) return error;
  if (error instanceof AnswerTooLarge) {
    return feedError(operation, { code: 'answer_too_large', message: feedMessages.tooLarge });
  }
  if (isAddressNotAllowed(error)) {
    return feedError(operation, { code: 'address_not_allowed', message: error.message });
  }
  return transportError(operation, error, call);
};
