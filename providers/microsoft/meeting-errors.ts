/**
 * Maps the errors of Teams' online meetings to faults. The pages of the methods name no codes, so the rows come from
 * https://learn.microsoft.com/graph/errors, https://learn.microsoft.com/graph/resolve-auth-errors and reports of developers.
 * An answer without an explanation gets one, because the message is shown to people.
 */
import { ProviderError } from '../../domain/errors.ts';
import { type ErrorRow, gatewayRows, httpRows, type VendorFailure } from '../errors/error-table.ts';

/** Graph's refusal of the recordings of a meeting that is no part of an event. */
const notCalendarBacked = /calendar backed|iCalUid/i;

export const onlineMeetingErrors: readonly ErrorRow[] = [
  { code: 'TooManyRequests', fault: 'retry_after' },
  { code: 'activityLimitReached', fault: 'retry_after' },
  // Continuous access evaluation: https://learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation
  { status: 401, messagePattern: /continuous access evaluation|claims/i, fault: 'reconnect' },
  // The token is new: a revoked consent fails at its refresh. Graph answers 401 to the token of a personal account.
  { status: 401, fault: 'not_permitted' },
  // Without a text for a missing scope, a missing license, a guest, and a policy of the organization:
  // https://github.com/microsoftgraph/microsoft-graph-docs/issues/6288 and
  // https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/794
  { status: 403, fault: 'not_permitted' },
  // An id that is none: https://github.com/MicrosoftDocs/msteams-docs/issues/1647
  { status: 400, messagePattern: /invalid meeting ?id/i, fault: 'not_found' },
  // https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/8869
  { status: 400, messagePattern: notCalendarBacked, fault: 'not_permitted' },
  // Our own codes.
  { code: 'recording_scope_missing', fault: 'not_permitted' },
  { code: 'meeting_without_event', fault: 'not_permitted' },
  { code: 'copy_is_kept', fault: 'not_permitted' },
  { code: 'no_host', fault: 'not_permitted' },
  { code: 'scope_missing', fault: 'reconnect' },
  { code: 'report_scope_missing', fault: 'not_permitted' },
  { code: 'meeting_without_link', fault: 'retry' },
  { code: 'meeting_vanished', fault: 'retry' },
  { code: 'external_ids_used_up', fault: 'conflict' },
  { code: 'event_ids_used_up', fault: 'conflict' },
  { code: 'meeting_not_listed', fault: 'retry' },
  { code: 'too_many_reports', fault: 'not_permitted' },
  ...gatewayRows,
  ...httpRows,
];

/** Errors of a creation: a 404 concerns the organizer, whom Teams does not know. */
export const createOrGetErrors: readonly ErrorRow[] = [
  ...gatewayRows,
  { status: 404, fault: 'not_permitted' },
  ...onlineMeetingErrors,
];

const advice = {
  personal: {
    code: 'personal_account',
    message:
      'Microsoft does not let this account create Teams meetings, probably because it is a personal account: connect a work or school account as the host',
  },
  unlicensed: {
    code: 'teams_not_allowed',
    message:
      'Microsoft does not let this account create Teams meetings: it needs a Teams license and a meeting policy that allows private meetings, and must not be a guest; ask the administrator of its organization, or connect another account as the host',
  },
} as const satisfies Record<string, Pick<VendorFailure, 'code' | 'message'>>;

/** Returns whether Graph refuses the recordings because the meeting is no part of an event. */
export const isWithoutEvent = ({ vendor }: ProviderError): boolean =>
  vendor.status === 400 && notCalendarBacked.test(vendor.message);

/** Returns the error with an explanation, when it says that the organizer may have no meetings. */
export const explained = (error: unknown): unknown => {
  if (!(error instanceof ProviderError) || error.fault.kind !== 'not_permitted') return error;
  const { provider, operation, fault, vendor, connection } = error;
  const text = adviceFor(vendor.status);
  return text
    ? new ProviderError(provider, operation, fault, { status: vendor.status, ...text }, { connection })
    : error;
};

const adviceFor = (status: number | undefined): Pick<VendorFailure, 'code' | 'message'> | undefined => {
  if (status === 401) return advice.personal;
  return status === 403 || status === 404 ? advice.unlicensed : undefined;
};
