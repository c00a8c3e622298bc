/** Google's errors. The envelope follows the "Handle API errors" page of the Calendar API. */

interface GoogleErrorDetails {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly domain?: string;
  readonly location?: { readonly location: string; readonly locationType: string };
  readonly status?: string;
}

export const googleErrors = {
  authError: {
    code: 401,
    reason: 'authError',
    message: 'Invalid Credentials',
    location: { location: 'Authorization', locationType: 'header' },
    status: 'UNAUTHENTICATED',
  },
  notFound: { code: 404, reason: 'notFound', message: 'Not Found' },
  insufficientPermissions: {
    code: 403,
    reason: 'insufficientPermissions',
    message: 'Request had insufficient authentication scopes.',
    status: 'PERMISSION_DENIED',
  },
  deleted: { code: 410, reason: 'deleted', message: 'Resource has been deleted' },
  fullSyncRequired: {
    code: 410,
    reason: 'fullSyncRequired',
    message: 'Sync token is no longer valid, a full sync is required.',
  },
  syncTokenWithRequestRestrictions: {
    code: 400,
    reason: 'syncTokenWithRequestRestrictions',
    message: 'Sync token cannot be used with other request restrictions.',
  },
  duplicate: { code: 409, reason: 'duplicate', message: 'The requested identifier already exists.' },
  channelIdNotUnique: { code: 400, reason: 'channelIdNotUnique', message: 'Channel id not unique' },
  channelNotFound: { code: 404, reason: 'notFound', message: "Channel 'id' not found for project" },
  forbidden: { code: 403, reason: 'forbidden', message: 'Forbidden' },
  requiredAccessLevel: {
    code: 403,
    reason: 'requiredAccessLevel',
    message: 'You need to have reader access to this calendar.',
    domain: 'calendar',
  },
  writerRequired: {
    code: 403,
    reason: 'requiredAccessLevel',
    message: 'You need to have writer access to this calendar.',
    domain: 'calendar',
  },
  notAdministrator: {
    code: 403,
    reason: 'forbidden',
    message: 'Not Authorized to access this resource/api',
  },
  conditionNotMet: {
    code: 412,
    reason: 'conditionNotMet',
    message: 'Precondition Failed',
    location: { location: 'If-Match', locationType: 'header' },
  },
  missingStart: { code: 400, reason: 'required', message: 'Missing start time.' },
  missingEnd: { code: 400, reason: 'required', message: 'Missing end time.' },
  emptyRange: { code: 400, reason: 'timeRangeEmpty', message: 'The specified time range is empty.' },
  longRange: { code: 400, reason: 'timeRangeTooLong', message: 'The requested time range is too long.' },
  invalidId: { code: 400, reason: 'invalid', message: 'Invalid resource id value.' },
  defaultAndOwnReminders: {
    code: 400,
    reason: 'cannotUseDefaultRemindersAndSpecifyOverride',
    message: 'Cannot specify both default reminders and overrides at the same time.',
    domain: 'calendar',
  },
  lowSequence: {
    code: 400,
    reason: 'invalid',
    message:
      'Invalid sequence value. The specified sequence number is below the current sequence number of the resource. Re-fetch the resource and use its sequence number on the following request.',
  },
  rateLimitExceeded: {
    code: 429,
    reason: 'rateLimitExceeded',
    message: 'Rate Limit Exceeded',
    domain: 'usageLimits',
  },
  userRateLimitExceeded: {
    code: 403,
    reason: 'userRateLimitExceeded',
    message: 'User Rate Limit Exceeded',
    domain: 'usageLimits',
  },
  /** A limit of Calendar itself, such as too many invitations in a short time. Hours pass before it ends. */
  quotaExceeded: {
    code: 403,
    reason: 'quotaExceeded',
    message: 'Calendar usage limits exceeded.',
    domain: 'usageLimits',
  },
  backendError: { code: 503, reason: 'backendError', message: 'Backend Error' },
} as const satisfies Record<string, GoogleErrorDetails>;

/** An error answer of Google. The error handler of the plugin sends it in Google's envelope. */
export class GoogleError extends Error {
  readonly details: GoogleErrorDetails;

  constructor(details: GoogleErrorDetails) {
    super(details.message);
    this.name = 'GoogleError';
    this.details = details;
  }
}

/** Creates a 400 with the reason `invalid`. */
export const invalid = (message: string): GoogleError =>
  new GoogleError({ code: 400, reason: 'invalid', message });

/** Returns the body of an error answer. */
export const errorEnvelope = ({ code, reason, message, domain, location, status }: GoogleErrorDetails) => ({
  error: {
    errors: [{ domain: domain ?? 'global', reason, message, ...location }],
    code,
    message,
    ...(status === undefined ? {} : { status }),
  },
});

/** An error answer of the token endpoint (RFC 6749, 5.2). */
export class GoogleOAuthError extends Error {
  readonly status: 400 | 401;
  readonly error: string;

  constructor(status: 400 | 401, error: string, description: string) {
    super(description);
    this.name = 'OAuthError';
    this.status = status;
    this.error = error;
  }
}
