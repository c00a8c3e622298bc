/** Defines Twilio's errors: `{code, message, more_info, status}`. */

/** An error answer of Twilio. */
export class TwilioError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.name = 'TwilioError';
    this.status = status;
    this.code = code;
  }
}

/** Returns the body of an error answer. */
export const twilioErrorBody = (error: Pick<TwilioError, 'code' | 'message' | 'status'>) => ({
  code: error.code,
  message: error.message,
  more_info: `https://www.twilio.com/docs/errors/${error.code}`,
  status: error.status,
});

export const unauthenticated = { status: 401, code: 20003, message: 'Authenticate' } as const;
export const tooMany = { status: 429, code: 20429, message: 'Too Many Requests' } as const;

export const notFound = (path: string): TwilioError =>
  new TwilioError(404, 20404, `The requested resource ${path} was not found`);
