/**
 * Maps the errors of Microsoft's token endpoint to faults:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#error-codes-for-token-endpoint-errors and
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes. Microsoft can change its AADSTS numbers at
 * any time, so a number only decides where the OAuth error code is ambiguous.
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
  // The client secret is wrong or has expired.
  { code: 'AADSTS7000215', fault: 'misconfigured' },
  { code: 'AADSTS7000222', fault: 'misconfigured' },
  // The app is not in the tenant; the redirect address is not registered.
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
  // Missing consent, second factor or known device. `suberror` reports the same.
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

/** Errors of the application's own token. */
const microsoftErrors: readonly ErrorRow[] = [
  ...clientErrors,
  ...reauthorizationErrors,
  ...transientErrors,
  { messagePattern: /^invalid_grant\b/, fault: 'reconnect' },
  ...tokenHttpRows,
];

/** The tenant does not exist any more, or its administrator has disabled the app. */
const tenantErrors: readonly ErrorRow[] = [
  { code: 'AADSTS90002', fault: 'reconnect' },
  { code: 'AADSTS7000112', fault: 'reconnect' },
];

/** The tenant does not have the app. A wrong client id has the same error, and then no tenant has it. */
const missingAppErrors: readonly ErrorRow[] = [
  { code: 'AADSTS700016', fault: 'reconnect' },
  { messagePattern: /^unauthorized_client\b/, fault: 'reconnect' },
  // The tenant does not have Microsoft Graph, has disabled it, or has not subscribed to it. We name the same resource everywhere.
  { messagePattern: /^invalid_resource\b/, fault: 'reconnect' },
  { code: 'AADSTS650052', fault: 'reconnect' },
  // "No tenant-identifying information found": the domain of the account was removed.
  { code: 'AADSTS50128', fault: 'reconnect' },
];

/**
 * Returns the errors of the refresh of an account's token.
 * @param isAppKnown whether Microsoft knows our app: it has refreshed the token of some account
 */
export const microsoftRefreshErrors = (isAppKnown: boolean): readonly ErrorRow[] => [
  ...tenantErrors,
  ...(isAppKnown ? missingAppErrors : []),
  ...microsoftErrors,
];

/** Errors of a code exchange: here `invalid_grant` concerns the code or its verifier. */
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

/** Returns the failure. Message: `invalid_grant/consent_required: AADSTS65001: …`; code: the AADSTS number. */
const failureOf = ({ status, retryAfter, body }: MicrosoftAnswer): VendorFailure => {
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success) return { status, retryAfter, message: 'the answer has no error document' };
  const { error, suberror, error_description: description, error_codes: codes } = parsed.data;
  const [number] = codes ?? [];
  return {
    status,
    retryAfter,
    code: number === undefined ? error : `AADSTS${number}`,
    message: `${suberror ? `${error}/${suberror}` : error}: ${description}`,
  };
};

/** Returns the error for a failed answer. */
export const microsoftError = (
  operation: ProviderOperation,
  answer: MicrosoftAnswer,
  table: readonly ErrorRow[] = microsoftErrors,
): ProviderError => {
  const failure = failureOf(answer);
  return providerError(operation, faultOf(table, failure, operation), failure);
};
