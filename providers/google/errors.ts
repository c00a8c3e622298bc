/**
 * Maps Google's errors to faults. Meet: https://google.aip.dev/193, with a status in place of a reason. Calendar: https://developers.google.com/workspace/calendar/api/guides/errors and
 * https://developers.google.com/workspace/calendar/api/guides/quota. Tokens:
 * https://developers.google.com/identity/protocols/oauth2 (RFC 6749, section 5.2).
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { hour } from '../../domain/time/units.ts';
import { withoutNulls } from '../absent-fields.ts';
import {
  type ErrorRow,
  faultOf,
  gatewayRows,
  httpRows,
  type ProviderOperation,
  providerError,
  tokenHttpRows,
  type VendorFailure,
} from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import { optionalField } from '../optional-field.ts';
import type { CallContext } from '../ports.ts';

/** Errors of a token refresh. */
export const googleTokenErrors: readonly ErrorRow[] = [
  { code: 'invalid_grant', fault: 'reconnect' },
  { code: 'invalid_rapt', fault: 'reconnect' },
  // The administrator of the account has blocked the app: https://developers.google.com/identity/protocols/oauth2/web-server
  { code: 'admin_policy_enforced', fault: 'reconnect' },
  { code: 'invalid_client', fault: 'misconfigured' },
  { code: 'unauthorized_client', fault: 'misconfigured' },
  { code: 'deleted_client', fault: 'misconfigured' },
  { code: 'invalid_scope', fault: 'misconfigured' },
  ...tokenHttpRows,
];

const googleErrors: readonly ErrorRow[] = [
  // Calendar: a rate limit is a 403 or a 429, with or without Retry-After.
  { code: 'rateLimitExceeded', fault: 'retry_after' },
  { code: 'userRateLimitExceeded', fault: 'retry_after' },
  { code: 'quotaExceeded', fault: 'quota_exhausted', until: hour },
  { code: 'dailyLimitExceeded', fault: 'quota_exhausted', until: hour },
  { code: 'accessNotConfigured', fault: 'misconfigured' },
  // Every rate limit has this domain, whatever its reason: https://developers.google.com/workspace/calendar/api/guides/errors
  { status: 403, domain: 'usageLimits', fault: 'retry_after' },
  // The owner did not grant the calendar scope.
  { code: 'insufficientPermissions', messagePattern: /scope/i, fault: 'reconnect' },
  { code: 'insufficientPermissions', fault: 'not_permitted' },
  { code: 'forbidden', fault: 'not_permitted' },
  { code: 'forbiddenForNonOrganizer', fault: 'not_permitted' },
  { code: 'requiredAccessLevel', fault: 'not_permitted' },
  // Our own codes, for errors inside a successful answer.
  { code: 'calendar_unreadable', fault: 'not_found' },
  { code: 'calendar_busy', fault: 'retry', effect: 'none' },
  { code: 'busy_time_unreadable', fault: 'retry', effect: 'none' },
  // The id of a channel exists: https://developers.google.com/workspace/calendar/api/guides/errors
  { code: 'channelIdNotUnique', fault: 'conflict' },
  { code: 'conference_failed', fault: 'not_permitted' },
  // The calendar allows no Meet: https://developers.google.com/workspace/calendar/api/v3/reference/calendars#conferenceProperties
  // The error: https://github.com/googleapis/google-api-nodejs-client/issues/3234
  { code: 'invalid', status: 400, messagePattern: /conference type/i, fault: 'not_permitted' },
  { code: 'conference_pending', fault: 'retry' },
  { code: 'conference_missing', fault: 'not_permitted' },
  { code: 'event_keeps_changing', fault: 'retry', effect: 'none' },
  { code: 'event_of_another', fault: 'conflict' },
  { code: 'event_ids_used_up', fault: 'conflict' },
  { code: 'too_many_pages', fault: 'not_permitted' },
  { code: 'too_many_records', fault: 'not_permitted' },
  { code: 'meet_scope_missing', fault: 'not_permitted' },
  { code: 'recording_scope_missing', fault: 'not_permitted' },
  { code: 'copy_is_kept', fault: 'not_permitted' },
  { code: 'not_eligible_for_artifacts', fault: 'not_permitted' },
  { code: 'no_host', fault: 'reconnect' },
  // Drive: https://developers.google.com/workspace/drive/api/guides/handle-errors
  { code: 'fileNotDownloadable', fault: 'not_permitted' },
  { code: 'exportSizeLimitExceeded', fault: 'not_permitted' },
  { code: 'downloadQuotaExceeded', fault: 'quota_exhausted', until: hour },
  // The Meet API is not enabled in our project.
  {
    code: 'PERMISSION_DENIED',
    messagePattern: /has not been used in project|is disabled/i,
    fault: 'misconfigured',
  },
  { code: 'PERMISSION_DENIED', fault: 'not_permitted' },
  { code: 'RESOURCE_EXHAUSTED', fault: 'retry_after' },
  ...gatewayRows,
  ...httpRows,
];

/** Errors of a code exchange: here `invalid_grant` concerns the code, its verifier or its redirect address. */
export const googleCodeErrors: readonly ErrorRow[] = [
  { code: 'invalid_grant', fault: 'rejected_input' },
  { code: 'redirect_uri_mismatch', fault: 'misconfigured' },
  ...googleTokenErrors,
];

/** Returns the error for a failed answer. */
export const googleError = (
  operation: ProviderOperation,
  failure: VendorFailure,
  table: readonly ErrorRow[] = googleErrors,
): ProviderError => providerError(operation, faultOf(table, failure, operation), failure);

/** Returns an error of the library as a `ProviderError`. */
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

/** Returns the error for an answer that was not read by the library. @param body its error document */
export const googleAnswerError = (
  operation: ProviderOperation,
  { status, retryAfter, body }: Pick<VendorFailure, 'status' | 'retryAfter'> & { readonly body: unknown },
): ProviderError => googleError(operation, { status, retryAfter, ...errorDocumentOf(body) });

/** Returns the HTTP status of an error of the library; undefined without an answer. */
export const statusOf = (error: unknown): number | undefined => failureOf(error)?.status;

/** Whether the consent does not cover the call: https://developers.google.com/workspace/calendar/api/guides/errors */
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
      message: optionalField(z.string()),
      status: optionalField(z.string()),
      errors: optionalField(
        z.array(z.object({ reason: optionalField(z.string()), domain: optionalField(z.string()) })),
      ),
    }),
  ]),
  error_description: optionalField(z.string()),
});

const failureOf = (error: unknown): VendorFailure | undefined => {
  const thrown = thrownSchema.safeParse(error);
  if (!thrown.success) return undefined;
  const { status, headers, data } = thrown.data.response;
  return { status, retryAfter: headers.get('retry-after') ?? undefined, ...errorDocumentOf(data) };
};

const errorDocumentOf = (data: unknown): Pick<VendorFailure, 'code' | 'domain' | 'message'> => {
  const body = bodySchema.safeParse(withoutNulls(data));
  if (!body.success) return { message: 'the answer has no error document' };
  const { error, error_description: description } = body.data;
  if (typeof error === 'string') return { code: error, message: description ?? error };
  const [first] = error.errors ?? [];
  return { code: first?.reason ?? error.status, domain: first?.domain, message: error.message ?? '' };
};
