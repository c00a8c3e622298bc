/** Provides the access token of Zoom's server-to-server OAuth: https://developers.zoom.us/docs/internal-apps/s2s-oauth/ */
import { z } from 'zod';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withoutEffect } from '../operations.ts';
import { type ZoomAnswer, zoomError, zoomTokenErrors } from './errors.ts';
import { tokenMarginMs } from './settings.ts';

export interface ServerToServerTokens {
  /**
   * Returns the cached token or a new one. Concurrent callers share one request.
   *
   * @throws {ProviderError} without effect.
   */
  get(operation: ProviderOperation): Promise<string>;
  /** Drops this token after Zoom has rejected it, unless another one has replaced it already. */
  reportRejectedToken(token: string): void;
}

const tokenSchema = z.object({
  access_token: z.string().min(1),
  /** Seconds. */
  expires_in: z.number().positive(),
});

interface Token {
  readonly value: string;
  readonly usableUntil: number;
}

/** Creates the token cache; `requestToken` sends the request to the token endpoint. */
export const createServerToServerTokens = (
  requestToken: () => Promise<ZoomAnswer>,
  now = Date.now,
): ServerToServerTokens => {
  let cached: Token | undefined;
  let pending: Promise<Token> | undefined;

  const renew = async (operation: ProviderOperation): Promise<Token> => {
    const answer = await requestToken();
    // The request of the operation itself has not been sent yet.
    if (answer.status !== 200) throw zoomError(zoomTokenErrors, withoutEffect(operation), answer);
    const token = tokenSchema.parse(answer.body);
    cached = { value: token.access_token, usableUntil: now() + token.expires_in * 1_000 - tokenMarginMs };
    return cached;
  };

  return {
    get: async (operation) => {
      if (cached && cached.usableUntil > now()) return cached.value;
      pending ??= renew(operation).finally(() => {
        pending = undefined;
      });
      return (await pending).value;
    },
    reportRejectedToken: (token) => {
      if (cached?.value === token) cached = undefined;
    },
  };
};
