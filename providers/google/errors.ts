/**
 * Google's errors. Calendar: https://developers.google.com/workspace/calendar/api/guides/errors and
 * https://developers.google.com/workspace/calendar/api/guides/quota. Tokens:
 * https://developers.google.com/identity/protocols/oauth2 (RFC 6749, section 5.2).
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import {
  type ErrorRow,
  faultOf,
  httpRows,
  type ProviderOperation,
  providerError,
  tokenHttpRows,
  type VendorFailure,
} from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { CallContext } from '../ports.ts';

const hour = 3_600_000;

/** Where a refresh token is exchanged. */
export const googleTokenErrors: readonly ErrorRow[] = [
  { code: 'invalid_grant', fault: 'reconnect' },
  { code: 'invalid_rapt', fault: 'reconnect' },
  { code: 'invalid_client', fault: 'misconfigured' },
  { code: 'unauthorized_client', fault: 'misconfigured' },
  { code: 'deleted_client', fault: 'misconfigured' },
  { code: 'invalid_scope', fault: 'misconfigured' },
  ...tokenHttpRows,
];

const googleErrors: readonly ErrorRow[] = [
  // Calendar: too fast comes as 403 or as 429, with or without a time.
  { code: 'rateLimitExceeded', fault: 'retry_after' },
  { code: 'userRateLimitExceeded', fault: 'retry_after' },
  { code: 'quotaExceeded', fault: 'quota_exhausted', until: hour },
  { code: 'dailyLimitExceeded', fault: 'quota_exhausted', until: hour },
  { code: 'accessNotConfigured', fault: 'misconfigured' },
  // The owner left the calendar's box unticked when connecting.
  { code: 'insufficientPermissions', messagePattern: /scope/i, fault: 'reconnect' },
  { code: 'insufficientPermissions', fault: 'not_permitted' },
  { code: 'forbidden', fault: 'not_permitted' },
  { code: 'forbiddenForNonOrganizer', fault: 'not_permitted' },
  { code: 'requiredAccessLevel', fault: 'not_permitted' },
  // Our own words for what is said inside a successful answer.
  { code: 'calendar_unreadable', fault: 'not_found' },
  { code: 'calendar_busy', fault: 'retry', effect: 'none' },
  { code: 'conference_failed', fault: 'not_permitted' },
  { code: 'conference_pending', fault: 'retry' },
  { code: 'conference_missing', fault: 'not_permitted' },
  { code: 'event_keeps_changing', fault: 'retry', effect: 'none' },
  { code: 'event_of_another', fault: 'conflict' },
  { code: 'event_ids_used_up', fault: 'conflict' },
  ...httpRows,
];

/** Where a code is exchanged: `invalid_grant` is about the code, or the verifier or the address it came with. */
export const googleCodeErrors: readonly ErrorRow[] = [
  { code: 'invalid_grant', fault: 'rejected_input' },
  { code: 'redirect_uri_mismatch', fault: 'misconfigured' },
  ...googleTokenErrors,
];

export const googleError = (
  operation: ProviderOperation,
  failure: VendorFailure,
  table: readonly ErrorRow[] = googleErrors,
): ProviderError => providerError(operation, faultOf(table, failure, operation), failure);

/** Whatever the library threw, as ours. */
export const fromGoogle = (
  operation: ProviderOperation,
  error: unknown,
  call: CallContext,
  table: readonly ErrorRow[] = googleErrors,
): ProviderError => {
  if (error instanceof ProviderError) return error;
  const failure = failureOf(error);
  return failure ? googleError(operation, failure, table) : transportError(operation, error, call);
};

/** The HTTP status of what the library threw, if Google answered at all. */
export const statusOf = (error: unknown): number | undefined => failureOf(error)?.status;

/** The consent does not cover it: https://developers.google.com/workspace/calendar/api/guides/errors */
export const isScopeMissing = (error: unknown): boolean => {
  const failure = failureOf(error);
  return (
    failure !== undefined && failure.code === 'insufficientPermissions' && /scope/i.test(failure.message)
  );
};

const thrownSchema = z.object({
  response: z.object({
    status: z.number(),
    data: z.unknown(),
    headers: z.custom<Pick<Headers, 'get'>>(
      (headers) => z.object({ get: z.any() }).safeParse(headers).success,
    ),
  }),
});

const bodySchema = z.object({
  error: z.union([
    z.string(),
    z.object({
      message: z.string().default(''),
      status: z.string().optional(),
      errors: z.array(z.object({ reason: z.string().optional() })).optional(),
    }),
  ]),
  error_description: z.string().optional(),
});

const failureOf = (error: unknown): VendorFailure | undefined => {
  const thrown = thrownSchema.safeParse(error);
  if (!thrown.success) return undefined;
  const { status, headers, data } = thrown.data.response;
  return { status, retryAfter: headers.get('retry-after') ?? undefined, ...errorDocumentOf(data) };
};

const errorDocumentOf = (data: unknown): Pick<VendorFailure, 'code' | 'message'> => {
  const body = bodySchema.safeParse(data);
  if (!body.success) return { message: 'an answer without an error document' };
  const { error, error_description: description } = body.data;
  if (typeof error === 'string') return { code: error, message: description ?? error };
  return { code: error.errors?.[0]?.reason ?? error.status, message: error.message };
};
