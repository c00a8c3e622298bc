/** Makes one exchange with Zoom over HTTPS. Zoom has no client library. */
import { type Dispatcher, request } from 'undici';
import { parseJsonOrUndefined } from '../http/json.ts';
import type { ZoomAnswer } from './errors.ts';

export interface ZoomExchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Record<string, string>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
  /** A connection pool; default: undici's global one. */
  readonly dispatcher?: Dispatcher;
}

/** Sends a request and returns the answer, whatever its status. Throws undici's errors. */
export const exchangeWithZoom = async (url: string, exchange: ZoomExchange): Promise<ZoomAnswer> => {
  const answer = await request(url, { ...exchange, body: exchange.body ?? null });
  const retryAfter = answer.headers['retry-after'];
  return {
    status: answer.statusCode,
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    body: parseJsonOrUndefined(await answer.body.text()),
  };
};

/** Returns the `Authorization` header of one of our apps at the token endpoint. */
export const basicCredentials = (app: { readonly clientId: string; readonly clientSecret: string }): string =>
  `Basic ${Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64')}`;
