/** Defines Zoom's errors: `{code, message}`, sometimes with the invalid fields. */

export interface ZoomErrorDetails {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fields?: readonly { readonly field: string; readonly message: string }[];
}

/** An error answer of Zoom. */
export class ZoomError extends Error {
  readonly details: ZoomErrorDetails;

  constructor(details: ZoomErrorDetails) {
    super(details.message);
    this.name = 'ZoomError';
    this.details = details;
  }
}

/** An error answer of the token endpoint: a readable `reason` in addition to OAuth's `error`. */
export class ZoomOAuthError extends Error {
  readonly error: string;

  constructor(error: string, reason: string) {
    super(reason);
    this.name = 'ZoomOAuthError';
    this.error = error;
  }
}

export const invalidToken = { status: 401, code: 124, message: 'Invalid access token.' } as const;

export const notTheHost = { status: 400, code: 3003, message: 'You are not the meeting host.' } as const;

export const hostingNotAllowed = {
  status: 400,
  code: 3161,
  message: 'Your user account is not allowed meeting hosting and scheduling capabilities.',
} as const;

/** https://devforum.zoom.us/t/add-meeting-registrant-api/7082 */
export const paidUsersOnly = {
  status: 400,
  code: 200,
  message: 'Only available for Paid or ZMP account.',
} as const;

export const hostCannotRegister = { status: 400, code: 3027, message: 'Host cannot register.' } as const;

/** https://developers.zoom.us/docs/api/meetings/#tag/meetings/DELETE/meetings/{meetingId} */
export const deletedInProgress = {
  status: 400,
  code: 3002,
  message: 'Sorry, you cannot delete this meeting since it is in progress.',
} as const;

/** https://developers.zoom.us/docs/api/meetings/#tag/meetings/DELETE/meetings/{meetingId} */
export const deletedAfterEnd = {
  status: 400,
  code: 3007,
  message: 'Sorry, you cannot delete this meeting since it has ended.',
} as const;

export const meetingIsOver = {
  status: 400,
  code: 3038,
  message:
    'Meeting is over, you can not register now. If you have any questions, please contact Meeting host.',
} as const;

export const registrantLimitReached = {
  status: 400,
  code: 3000,
  message:
    'You have reached the limit for the number of attendees you can add. Contact Zoom Support for more information.',
} as const;

export const registrationNotEnabled = (id: string): ZoomError =>
  new ZoomError({
    status: 404,
    code: 404,
    message: `Registration has not been enabled for this meeting: ${id}.`,
  });

export const missingScope = (scope: string): ZoomError =>
  new ZoomError({
    status: 400,
    code: 4711,
    message: `Invalid access token, does not contain scopes:[${scope}].`,
  });

export const noMeeting = (id: string): ZoomError =>
  new ZoomError({ status: 404, code: 3001, message: `Meeting does not exist: ${id}.` });

export const noRecording = (): ZoomError =>
  new ZoomError({ status: 404, code: 3301, message: 'This recording does not exist.' });

export const noUser = (id: string): ZoomError =>
  new ZoomError({ status: 404, code: 1001, message: `User does not exist: ${id}.` });

export const validationFailed = (fields: ZoomErrorDetails['fields']): ZoomError =>
  new ZoomError({ status: 400, code: 300, message: 'Validation Failed.', ...(fields ? { fields } : {}) });

export const perSecondLimit =
  'You have reached the maximum per-second rate limit for this API. Try again later.';

/** Returns the text of the daily limit. Text and headers as quoted by developers (devforum 18928). */
export const dailyLimitMessage = (limit: number): string =>
  `You have exceeded the daily rate limit (${limit}) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00.`;

/** Returns the body of an error answer. */
export const zoomErrorBody = ({ code, message, fields }: ZoomErrorDetails) => ({
  code,
  message,
  ...(fields ? { errors: fields } : {}),
});
