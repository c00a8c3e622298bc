/**
 * Maps the errors of Graph's calendars to faults: https://learn.microsoft.com/graph/errors, for throttling
 * https://learn.microsoft.com/graph/throttling, and for Exchange's codes
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
 */
import { z } from 'zod';
import type { ProviderError } from '../../domain/errors.ts';
import { hour } from '../../domain/time/units.ts';
import {
  type ErrorRow,
  faultOf,
  gatewayRows,
  httpRows,
  type ProviderOperation,
  providerError,
  type VendorFailure,
} from '../errors/error-table.ts';

const graphErrors: readonly ErrorRow[] = [
  // Throttling: more than four requests at a mailbox, or too many in ten minutes. Usually a 429 with Retry-After.
  { code: 'ApplicationThrottled', fault: 'retry_after' },
  { code: 'TooManyRequests', fault: 'retry_after' },
  { code: 'activityLimitReached', fault: 'retry_after' },
  { code: 'ErrorServerBusy', fault: 'retry_after' },
  { code: 'ErrorExceededConnectionCount', fault: 'retry_after' },
  // One mailbox is away for a moment. Microsoft as a whole is not.
  { code: 'ErrorMailboxStoreUnavailable', fault: 'retry' },
  { code: 'ErrorMailboxMoveInProgress', fault: 'retry' },
  { code: 'ErrorInternalServerTransientError', fault: 'retry' },
  { code: 'ErrorTimeoutExpired', fault: 'retry' },
  // The mailbox is full.
  { code: 'ErrorQuotaExceeded', fault: 'quota_exhausted', until: hour },
  // The account has no mailbox at Exchange Online or Outlook.com.
  { code: 'MailboxNotEnabledForRESTAPI', fault: 'not_permitted' },
  { code: 'MailboxNotSupportedForRESTAPI', fault: 'not_permitted' },
  { code: 'ErrorAccessDenied', fault: 'not_permitted' },
  { code: 'Authorization_RequestDenied', fault: 'not_permitted' },
  { code: 'ErrorItemNotFound', fault: 'not_found' },
  { code: 'ErrorFolderNotFound', fault: 'not_found' },
  // An id of another mailbox, or one that is no id.
  { code: 'ErrorInvalidIdMalformed', fault: 'not_found' },
  { code: 'ErrorInvalidMailboxItemId', fault: 'not_found' },
  // Another client changed the item since it was read.
  { code: 'ErrorIrresolvableConflict', fault: 'conflict' },
  { code: 'ErrorStaleObject', fault: 'conflict' },
  { code: 'ErrorDuplicateTransactionId', fault: 'conflict' },
  // A link of a change query has expired: the calendar must be read in full (`isExpiredLink`).
  { code: 'SyncStateNotFound', fault: 'not_found' },
  { code: 'syncStateNotFound', fault: 'not_found' },
  { code: 'SyncStateInvalid', fault: 'not_found' },
  { code: 'resyncRequired', fault: 'not_found' },
  // A schedule: no mailbox has the address, or it is not shared with the account.
  { code: 'ErrorMailRecipientNotFound', fault: 'not_found' },
  { code: 'ErrorInvalidSmtpAddress', fault: 'not_found' },
  { code: 'ErrorNoFreeBusyAccess', fault: 'not_permitted' },
  // Our own codes, for errors inside a successful answer.
  { code: 'event_keeps_changing', fault: 'retry', effect: 'none' },
  { code: 'event_ids_used_up', fault: 'conflict' },
  { code: 'too_many_events', fault: 'not_permitted' },
  { code: 'too_many_rooms', fault: 'not_permitted' },
  { code: 'too_many_calendars', fault: 'not_permitted' },
  { code: 'link_unreadable', fault: 'retry', effect: 'none' },
  { code: 'schedule_missing', fault: 'retry', effect: 'none' },
  { code: 'schedule_unreadable', fault: 'retry', effect: 'none' },
  { code: 'no_schedule', fault: 'not_permitted' },
  { code: 'no_conferences', fault: 'not_permitted' },
  ...gatewayRows,
  ...httpRows,
];

/** The codes of a link that Graph does not know any more: https://learn.microsoft.com/graph/delta-query-overview#synchronization-reset */
const expiredLinkCodes: ReadonlySet<string> = new Set([
  'syncstatenotfound',
  'syncstateinvalid',
  'resyncrequired',
]);

/** Returns whether the link of a change query has expired. Graph spells the codes differently, with 410 and with 400. */
export const isExpiredLink = ({ status, code }: Pick<VendorFailure, 'status' | 'code'>): boolean =>
  status === 410 || expiredLinkCodes.has(code?.toLowerCase() ?? '');

/** The owner of a calendar can always use it. Only a consent without our scope forbids it. */
export const ownCalendarErrors: readonly ErrorRow[] = [{ fault: 'reconnect' }];

/** Returns whether Graph denied access. It does not say whether a scope or a permission of the calendar is missing. */
export const isAccessDenied = ({ status, code }: VendorFailure): boolean =>
  status === 403 && (code === 'ErrorAccessDenied' || code === 'Authorization_RequestDenied');

/** Returns the error for a failed answer. */
export const graphError = (
  operation: ProviderOperation,
  failure: VendorFailure,
  table: readonly ErrorRow[] = graphErrors,
): ProviderError => providerError(operation, faultOf(table, failure, operation), failure);

/** The library's error for an answer that is no JSON document has the name of that error as its code. */
const thrownSchema = z
  .object({ code: z.string().nullish(), message: z.string() })
  .refine(({ code }) => code !== 'SyntaxError');

/** Returns the failure in an error of the library. An answer without an error document has neither code nor text. */
export const thrownFailure = (error: unknown, { status, headers }: Response): VendorFailure => {
  const thrown = thrownSchema.safeParse(error).data;
  return {
    status,
    code: thrown?.code ?? undefined,
    message: thrown?.message || 'the answer has no error document',
    retryAfter: headers.get('retry-after') ?? undefined,
  };
};

const documentSchema = z.object({
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }),
});

/** Returns the failure in an answer that was not read by the library. @param body its error document */
export const answeredFailure = ({
  body,
  ...answer
}: Pick<VendorFailure, 'status' | 'retryAfter'> & { readonly body: unknown }): VendorFailure => {
  const error = documentSchema.safeParse(body).data?.error;
  return {
    ...answer,
    code: error?.code ?? undefined,
    message: error?.message || 'the answer has no error document',
  };
};
