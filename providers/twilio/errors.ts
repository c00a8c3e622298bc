/**
 * Maps Twilio's errors to faults: https://www.twilio.com/docs/api/errors and
 * https://www.twilio.com/docs/usage/twilios-response
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { hour } from '../../domain/time/units.ts';
import {
  type ErrorRow,
  faultOf,
  httpRows,
  type ProviderOperation,
  providerError,
  type VendorFailure,
} from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { CallContext } from '../ports.ts';

const twilioErrors: readonly ErrorRow[] = [
  { code: '20429', fault: 'retry_after' },
  // The account's messages per day, in a sliding window.
  { code: '63038', fault: 'quota_exhausted', until: hour },
  // Our configuration: credentials, a suspended account, the messaging service and its senders.
  { code: '20003', fault: 'misconfigured' },
  { code: '20005', fault: 'misconfigured' },
  { code: '21212', fault: 'misconfigured' },
  { code: '21606', fault: 'misconfigured' },
  { code: '21701', fault: 'misconfigured' },
  { code: '21703', fault: 'misconfigured' },
  { code: '21704', fault: 'misconfigured' },
  { status: 401, fault: 'misconfigured' },
  // The recipient: opted out with STOP, in a disabled region, or unverified in a trial account.
  { code: '21610', fault: 'not_permitted' },
  { code: '21408', fault: 'not_permitted' },
  { code: '21608', fault: 'not_permitted' },
  // The number: invalid, or unable to receive text messages.
  { code: '21211', fault: 'rejected_input' },
  { code: '21614', fault: 'rejected_input' },
  { code: '21617', fault: 'rejected_input' },
  ...httpRows,
];

/** Returns an error of the library as a `ProviderError`. The library drops headers, so `retryAfter` is a parameter. */
export const fromTwilio = (
  operation: ProviderOperation,
  error: unknown,
  call: CallContext,
  retryAfter?: string,
): ProviderError => {
  if (error instanceof ProviderError) return error;
  const failure = failureOf(error, retryAfter);
  if (!failure) return transportError(operation, error, call);
  return providerError(operation, faultOf(twilioErrors, failure, operation), failure);
};

/** The library's RestException. Without a JSON body it only has the status. */
const exceptionSchema = z.object({
  status: z.number(),
  code: z.number().optional(),
  message: z.string().default('the answer has no error document'),
});

const failureOf = (error: unknown, retryAfter: string | undefined): VendorFailure | undefined => {
  const exception = exceptionSchema.safeParse(error);
  if (!exception.success) return undefined;
  const { status, code, message } = exception.data;
  return { status, code: code === undefined ? undefined : String(code), message, retryAfter };
};
