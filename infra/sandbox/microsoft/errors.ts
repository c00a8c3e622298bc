/**
 * Defines the errors of Microsoft's token endpoint and of Graph. Token errors carry Microsoft's number in
 * addition to the OAuth error (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
 */
import { randomUUID } from 'node:crypto';

interface LoginErrorDetails {
  readonly status: 400 | 401 | 503;
  readonly error: string;
  readonly number: number;
  readonly text: string;
  readonly suberror?: string;
}

export const loginErrors = {
  /** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#error-codes-for-token-endpoint-errors */
  tooBusy: {
    status: 503,
    error: 'temporarily_unavailable',
    number: 90033,
    text: 'A transient error has occurred. Please try again.',
  },
  malformed: {
    status: 400,
    error: 'invalid_request',
    number: 9002313,
    text: 'Invalid request. Request is malformed or invalid.',
  },
  unknownClient: {
    status: 400,
    error: 'unauthorized_client',
    number: 700016,
    text: 'Application was not found in the directory.',
  },
  wrongSecret: {
    status: 401,
    error: 'invalid_client',
    number: 7000215,
    text: 'Invalid client secret provided.',
  },
  unknownCode: {
    status: 400,
    error: 'invalid_grant',
    number: 70000,
    text: "The provided value for the 'code' parameter is not valid.",
  },
  usedCode: {
    status: 400,
    error: 'invalid_grant',
    number: 54005,
    text: 'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
  },
  expiredCode: {
    status: 400,
    error: 'invalid_grant',
    number: 70008,
    text: 'The provided authorization code or refresh token has expired due to inactivity.',
  },
  wrongAddress: {
    status: 400,
    error: 'invalid_client',
    number: 500112,
    text: 'The reply address does not match the reply address provided when requesting Authorization code.',
  },
  wrongVerifier: {
    status: 400,
    error: 'invalid_grant',
    number: 501481,
    text: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  },
  unknownRefreshToken: {
    status: 400,
    error: 'invalid_grant',
    number: 9002313,
    text: 'Invalid request. Request is malformed or invalid.',
  },
  revoked: {
    status: 400,
    error: 'invalid_grant',
    number: 50173,
    text: 'The provided grant has expired due to it being revoked, a fresh auth token is needed.',
    suberror: 'bad_token',
  },
  otherGrant: {
    status: 400,
    error: 'unsupported_grant_type',
    number: 70003,
    text: 'The app requested an unsupported grant type.',
  },
} as const satisfies Record<string, LoginErrorDetails>;

/** An error answer of the token endpoint. */
export class LoginError extends Error {
  readonly details: LoginErrorDetails;

  constructor(details: LoginErrorDetails) {
    super(details.text);
    this.name = 'LoginError';
    this.details = details;
  }
}

/** Returns the body of a token error. `now` is in epoch milliseconds. */
export const loginErrorBody = ({ error, number, text, suberror }: LoginErrorDetails, now: number) => {
  const [trace, correlation] = [randomUUID(), randomUUID()];
  const timestamp = `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return {
    error,
    error_description: `AADSTS${number}: ${text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${number}`,
    ...(suberror === undefined ? {} : { suberror }),
  };
};

/** An error answer of Graph. */
export class GraphError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'GraphError';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Returns the body of a Graph error. `now` is in epoch milliseconds. */
export const graphErrorBody = (code: string, message: string, now: number) => ({
  error: {
    code,
    message,
    innerError: {
      date: new Date(now).toISOString().slice(0, 19),
      'request-id': randomUUID(),
      'client-request-id': randomUUID(),
    },
  },
});
