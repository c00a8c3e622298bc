/**
 * Microsoft's errors at its token endpoint:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#error-codes-for-token-endpoint-errors and
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes. Microsoft may change its numbers at any
 * time, so what they decide is only what OAuth's own words leave open.
 */
import { z } from 'zod';
import type { ProviderError } from '../../domain/errors.ts';
import {
  type ErrorRow,
  faultOf,
  type ProviderOperation,
  providerError,
  tokenHttpRows,
  type VendorFailure,
} from '../errors/error-table.ts';

const clientErrors: readonly ErrorRow[] = [
  // The secret is wrong, or has run out.
  { code: 'AADSTS7000215', fault: 'misconfigured' },
  { code: 'AADSTS7000222', fault: 'misconfigured' },
  // No such app in the tenant; an address that is not registered.
  { code: 'AADSTS700016', fault: 'misconfigured' },
  { code: 'AADSTS50011', fault: 'misconfigured' },
  { code: 'AADSTS500112', fault: 'misconfigured' },
  {
    messagePattern: /^(invalid_client|unauthorized_client|invalid_scope|invalid_resource)\b/,
    fault: 'misconfigured',
  },
];

const reauthorizationErrors: readonly ErrorRow[] = [
  { messagePattern: /^(interaction_required|consent_required|login_required)\b/, fault: 'reconnect' },
  // Consent, a second factor, a device that has to be known: what `suberror` says in another word.
  { code: 'AADSTS65001', fault: 'reconnect' },
  { code: 'AADSTS50076', fault: 'reconnect' },
  { code: 'AADSTS50079', fault: 'reconnect' },
  { code: 'AADSTS50158', fault: 'reconnect' },
  { code: 'AADSTS53003', fault: 'reconnect' },
  {
    messagePattern: /^invalid_grant\/(consent_required|basic_action|additional_action)\b/,
    fault: 'reconnect',
  },
];

const transientErrors: readonly ErrorRow[] = [
  { messagePattern: /^temporarily_unavailable\b/, fault: 'outage' },
  { messagePattern: /^server_error\b/, fault: 'retry' },
];

/** Where a refresh token is exchanged. */
const microsoftErrors: readonly ErrorRow[] = [
  ...clientErrors,
  ...reauthorizationErrors,
  ...transientErrors,
  { messagePattern: /^invalid_grant\b/, fault: 'reconnect' },
  ...tokenHttpRows,
];

/** Where a code is exchanged: `invalid_grant` is about the code, or the verifier that came with it. */
export const microsoftCodeErrors: readonly ErrorRow[] = [
  ...clientErrors,
  ...reauthorizationErrors,
  ...transientErrors,
  { messagePattern: /^invalid_grant\b/, fault: 'rejected_input' },
  ...tokenHttpRows,
];

export interface MicrosoftAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: unknown;
}

const bodySchema = z.object({
  error: z.string(),
  suberror: z.string().optional(),
  error_description: z.string().default(''),
  error_codes: z.array(z.number()).optional(),
});

/** `invalid_grant/consent_required: AADSTS65001: …`, the number as the code. */
const failureOf = ({ status, retryAfter, body }: MicrosoftAnswer): VendorFailure => {
  const said = bodySchema.safeParse(body);
  if (!said.success) return { status, retryAfter, message: 'an answer without an error document' };
  const { error, suberror, error_description: description, error_codes: codes } = said.data;
  const [number] = codes ?? [];
  return {
    status,
    retryAfter,
    code: number === undefined ? error : `AADSTS${number}`,
    message: `${suberror ? `${error}/${suberror}` : error}: ${description}`,
  };
};

export const microsoftError = (
  operation: ProviderOperation,
  answer: MicrosoftAnswer,
  table: readonly ErrorRow[] = microsoftErrors,
): ProviderError => {
  const failure = failureOf(answer);
  return providerError(operation, faultOf(table, failure, operation), failure);
};
