/**
 * Maps Zoom's errors to faults: https://developers.zoom.us/docs/api/errors/ and, for limits,
 * https://developers.zoom.us/docs/api/rate-limits/. A host can create and change 100 meetings a day. The error of this
 * limit often has no headers: only its message distinguishes it from the limit per second.
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import {
  type ErrorRow,
  faultOf,
  gatewayRows,
  httpRows,
  type ProviderOperation,
  providerError,
  tokenHttpRows,
} from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { CallContext } from '../ports.ts';

const limitRows: readonly ErrorRow[] = [
  {
    status: 429,
    messagePattern: /daily rate limit|per day/i,
    fault: 'quota_exhausted',
    until: 'next_utc_day',
  },
  { status: 429, fault: 'retry_after' },
];

/** The code with which Zoom refuses to delete a meeting in which people are. */
export const meetingInProgress = '3002';

/**
 * Errors of meetings, with any account: the answers that
 * https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings lists.
 */
const meetingRows: readonly ErrorRow[] = [
  { code: '3001', fault: 'not_found' },
  // "Cannot delete this meeting since it is in progress": https://developers.zoom.us/docs/api/meetings/#tag/meetings/DELETE/meetings/{meetingId}
  { code: meetingInProgress, status: 400, fault: 'retry', effect: 'none' },
  // "Cannot delete this meeting since it has ended": there is nothing to remove.
  { code: '3007', fault: 'not_found' },
  { code: '200', status: 400, fault: 'not_permitted' },
  { code: '3000', fault: 'not_permitted' },
  // The meeting belongs to another user than the connected account.
  { code: '3003', fault: 'not_permitted' },
  // "Your user account is not allowed meeting hosting and scheduling capabilities": the license has lapsed.
  { code: '3161', fault: 'not_permitted' },
  // "Meeting is over, you can not register now", and a meeting that takes no more registrants.
  { code: '3038', fault: 'not_found' },
  { code: '3043', fault: 'not_permitted' },
  // The passcode does not meet the rules of the account; an alternative host is not a licensed user of it.
  { code: '300/password', fault: 'rejected_input' },
  { code: '300/settings.alternative_hosts', fault: 'rejected_input' },
  ...gatewayRows,
];

/** Errors of the API, called with the service's own account. */
export const zoomErrors: readonly ErrorRow[] = [
  ...limitRows,
  // No such user, or a deactivated one, or one of another account: the host user is a setting of ours.
  { code: '1001', fault: 'misconfigured' },
  { code: '1010', fault: 'misconfigured' },
  // The token is rejected although it is new, or the app lacks a scope.
  { code: '124', fault: 'misconfigured' },
  { code: '104', fault: 'misconfigured' },
  { code: '4711', fault: 'misconfigured' },
  { status: 401, fault: 'misconfigured' },
  ...meetingRows,
  ...httpRows,
];

/** Errors of the API, called with the token of a connected account. The owner connects it again, or consents again. */
export const zoomConnectionErrors: readonly ErrorRow[] = [
  ...limitRows,
  // The user was deactivated, or has left the account.
  { code: '1001', fault: 'reconnect' },
  { code: '1010', fault: 'reconnect' },
  { code: '124', fault: 'reconnect' },
  { code: '104', fault: 'reconnect' },
  { code: '4711', fault: 'reconnect' },
  { status: 401, fault: 'reconnect' },
  ...meetingRows,
  ...httpRows,
];

/** Errors of the server-to-server token endpoint: https://developers.zoom.us/docs/internal-apps/s2s-oauth/ */
export const zoomTokenErrors: readonly ErrorRow[] = [
  { status: 429, fault: 'retry_after' },
  { status: [400, 499], fault: 'misconfigured' },
  ...httpRows,
];

const userAppErrors: readonly ErrorRow[] = [
  { status: 429, fault: 'retry_after' },
  { code: 'invalid_client', fault: 'misconfigured' },
  { code: 'unauthorized_client', fault: 'misconfigured' },
  {
    messagePattern: /redirect uri mismatch|app has been disabled|client[_ ](id|secret)/i,
    fault: 'misconfigured',
  },
];

/**
 * Errors of a refresh of a person's token: https://developers.zoom.us/docs/integrations/oauth-error-messages/. For a
 * revoked token Zoom has answered 400 and 401, `invalid_grant` and `invalid_request`; only its reason is stable.
 */
export const zoomRefreshErrors: readonly ErrorRow[] = [
  ...userAppErrors,
  { code: 'invalid_grant', fault: 'reconnect' },
  { messagePattern: /invalid token|refresh token/i, fault: 'reconnect' },
  ...tokenHttpRows,
];

/** Errors of the exchange of a person's code. */
export const zoomCodeErrors: readonly ErrorRow[] = [
  ...userAppErrors,
  { code: 'invalid_grant', fault: 'rejected_input' },
  { code: 'invalid_request', fault: 'rejected_input' },
  ...tokenHttpRows,
];

/** Errors of calls with a token that a person has just granted. */
export const zoomUserErrors: readonly ErrorRow[] = [
  { code: '4711', fault: 'reconnect' },
  { code: '124', fault: 'reconnect' },
  ...httpRows,
];

export interface ZoomAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: unknown;
}

const bodySchema = z.object({
  code: z.union([z.number(), z.string()]).optional(),
  message: z.string().optional(),
  error: z.string().optional(),
  reason: z.string().optional(),
  /** The rejected fields of a request. */
  errors: z.array(z.object({ field: z.string() })).optional(),
});

/** Code 300 rejects fields. The field says what to do, so it is part of our code when it is the only one. */
const validationFailed = '300';

/** Returns Zoom's error code as text: `3001`, or `300/password` for a single rejected field. */
const zoomCode = (answer: ZoomAnswer): string | undefined => {
  const { success, data } = bodySchema.safeParse(answer.body);
  if (!success) return undefined;
  const code = String(data.code ?? data.error ?? '') || undefined;
  const [rejected, ...others] = data.errors ?? [];
  return code === validationFailed && rejected && others.length === 0 ? `${code}/${rejected.field}` : code;
};

/** Whether the consent behind the token does not cover the call. */
export const isScopeMissing = (answer: ZoomAnswer): boolean => {
  const code = zoomCode(answer);
  return code === '4711' || code === '104';
};

const messageOf = ({ message, reason, errors = [] }: z.infer<typeof bodySchema>): string | undefined => {
  const text = message ?? reason;
  return text && errors.length > 0 ? `${text} (${errors.map(({ field }) => field).join(', ')})` : text;
};

/** Returns the error for a failed answer. */
export const zoomError = (
  table: readonly ErrorRow[],
  operation: ProviderOperation,
  answer: ZoomAnswer,
): ProviderError => {
  const body = bodySchema.safeParse(answer.body);
  const failure = {
    status: answer.status,
    code: zoomCode(answer),
    message: (body.success ? messageOf(body.data) : undefined) ?? 'the answer has no error document',
    retryAfter: answer.retryAfter,
  };
  return providerError(operation, faultOf(table, failure, operation), failure);
};

/** Returns a thrown error as a `ProviderError`. */
export const fromZoom = (operation: ProviderOperation, error: unknown, call: CallContext): ProviderError =>
  error instanceof ProviderError ? error : transportError(operation, error, call);
