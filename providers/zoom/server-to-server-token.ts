/** The access token of Zoom's server-to-server OAuth: https://developers.zoom.us/docs/internal-apps/s2s-oauth/ */
import { z } from 'zod';
import type { ProviderOperation } from '../errors/error-table.ts';
import { withoutEffect } from '../operations.ts';
import { type ZoomAnswer, zoomError, zoomTokenErrors } from './errors.ts';
import { tokenMarginMs } from './settings.ts';

export interface ServerToServerTokens {
  /** The token in hand, or a new one; callers at the same moment share one request. Throws `ProviderError`. */
  get(operation: ProviderOperation): Promise<string>;
  /** Zoom refused this token: unless another has taken its place already, the next `get` asks for a new one. */
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

export const createServerToServerTokens = (
  ask: () => Promise<ZoomAnswer>,
  now = Date.now,
): ServerToServerTokens => {
  let held: Token | undefined;
  let asking: Promise<Token> | undefined;

  const renew = async (operation: ProviderOperation): Promise<Token> => {
    const answer = await ask();
    // Nothing can have happened to a meeting yet.
    if (answer.status !== 200) throw zoomError(zoomTokenErrors, withoutEffect(operation), answer);
    const token = tokenSchema.parse(answer.body);
    held = { value: token.access_token, usableUntil: now() + token.expires_in * 1_000 - tokenMarginMs };
    return held;
  };

  return {
    get: async (operation) => {
      if (held && held.usableUntil > now()) return held.value;
      asking ??= renew(operation).finally(() => {
        asking = undefined;
      });
      return (await asking).value;
    },
    reportRejectedToken: (token) => {
      if (held?.value === token) held = undefined;
    },
  };
};
