/**
 * Zoom's errors: https://developers.zoom.us/docs/api/errors/ and, for limits,
 * https://developers.zoom.us/docs/api/rate-limits/. A host may create and change 100 meetings a day; that limit often
 * comes without headers, so that only its message tells it from the limit per second.
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
} from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { CallContext } from '../ports.ts';

export const zoomErrors: readonly ErrorRow[] = [
  {
    status: 429,
    messagePattern: /daily rate limit|per day/i,
    fault: 'quota_exhausted',
    until: 'next_utc_day',
  },
  { status: 429, fault: 'retry_after' },
  { code: '3001', fault: 'not_found' },
  // The host user is our setting.
  { code: '1001', fault: 'misconfigured' },
  { code: '1010', fault: 'misconfigured' },
  // A token that is refused although it is fresh, or that lacks a scope of the app.
  { code: '124', fault: 'misconfigured' },
  { code: '104', fault: 'misconfigured' },
  { code: '4711', fault: 'misconfigured' },
  { status: 401, fault: 'misconfigured' },
  { code: '200', status: 400, fault: 'not_permitted' },
  { code: '3000', fault: 'not_permitted' },
  ...httpRows,
];

/** The token endpoint knows nobody but us: https://developers.zoom.us/docs/internal-apps/s2s-oauth/ */
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
 * Where a person's refresh token is exchanged: https://developers.zoom.us/docs/integrations/oauth-error-messages/. Zoom
 * has said 400 and 401, `invalid_grant` and `invalid_request` of a token it takes no more; its reason stays the same.
 */
export const zoomRefreshErrors: readonly ErrorRow[] = [
  ...userAppErrors,
  { code: 'invalid_grant', fault: 'reconnect' },
  { messagePattern: /invalid token|refresh token/i, fault: 'reconnect' },
  ...tokenHttpRows,
];

/** Where a person's code is exchanged. */
export const zoomCodeErrors: readonly ErrorRow[] = [
  ...userAppErrors,
  { code: 'invalid_grant', fault: 'rejected_input' },
  { code: 'invalid_request', fault: 'rejected_input' },
  ...tokenHttpRows,
];

/** What is asked in the name of a person, with a token they have just given. */
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
});

/** Zoom's code in an answer that is an error, as text. */
const zoomCode = (answer: ZoomAnswer): string | undefined => {
  const body = bodySchema.safeParse(answer.body);
  return body.success ? String(body.data.code ?? body.data.error ?? '') || undefined : undefined;
};

export const zoomError = (
  table: readonly ErrorRow[],
  operation: ProviderOperation,
  answer: ZoomAnswer,
): ProviderError => {
  const body = bodySchema.safeParse(answer.body);
  const failure = {
    status: answer.status,
    code: zoomCode(answer),
    message: (body.success ? (body.data.message ?? body.data.reason) : undefined) ?? 'no error document',
    retryAfter: answer.retryAfter,
  };
  return providerError(operation, faultOf(table, failure, operation), failure);
};

/** Whatever was thrown on the way, as ours. */
export const fromZoom = (operation: ProviderOperation, error: unknown, call: CallContext): ProviderError =>
  error instanceof ProviderError ? error : transportError(operation, error, call);
