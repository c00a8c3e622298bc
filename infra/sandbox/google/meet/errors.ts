/** Defines the errors of the Meet API, in the form of https://google.aip.dev/193. It differs from that of Calendar. */

interface MeetErrorDetails {
  readonly code: 400 | 401 | 403 | 404;
  readonly status: 'INVALID_ARGUMENT' | 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'NOT_FOUND';
  readonly message: string;
  readonly reason?: string;
}

export const meetErrors = {
  unauthenticated: {
    code: 401,
    status: 'UNAUTHENTICATED',
    message:
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  },
  scopeInsufficient: {
    code: 403,
    status: 'PERMISSION_DENIED',
    message: 'Request had insufficient authentication scopes.',
    reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
  },
  denied: { code: 403, status: 'PERMISSION_DENIED', message: 'The caller does not have permission' },
  notFound: { code: 404, status: 'NOT_FOUND', message: 'Requested entity was not found.' },
} as const satisfies Record<string, MeetErrorDetails>;

/** An error answer of the Meet API. */
export class MeetError extends Error {
  readonly details: MeetErrorDetails;

  constructor(details: MeetErrorDetails) {
    super(details.message);
    this.name = 'MeetError';
    this.details = details;
  }
}

/** Creates a 400. */
export const invalidArgument = (message: string): MeetError =>
  new MeetError({ code: 400, status: 'INVALID_ARGUMENT', message });

/** Returns the body of an error answer. */
export const meetErrorBody = ({ code, status, message, reason }: MeetErrorDetails) => ({
  error: {
    code,
    message,
    status,
    ...(reason === undefined
      ? {}
      : {
          details: [
            { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' },
          ],
        }),
  },
});
