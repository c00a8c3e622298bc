/** Issues the tokens of server-to-server OAuth: one account, access tokens that expire, no refresh tokens. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ZoomSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';

const heldSchema = z.record(z.string(), z.number());

export interface AccountTokens {
  issue(): {
    access_token: string;
    token_type: 'bearer';
    expires_in: number;
    scope: string;
    api_url: string;
  };
  isValid(token: string | undefined): boolean;
  readonly save: () => Record<string, number>;
  readonly load: (value: unknown) => void;
  reset(): void;
}

/** Above this number of tokens, expired ones are deleted before another is issued. */
const sweepAbove = 500;

/** Creates a store without tokens. */
export const createAccountTokens = (settings: ZoomSandboxSettings, clock: Clock): AccountTokens => {
  const expiries = new Map<string, number>();
  return {
    issue() {
      if (expiries.size > sweepAbove) {
        for (const [token, expires] of expiries) if (expires <= clock()) expiries.delete(token);
      }
      const token = `sandbox-${randomBytes(24).toString('base64url')}`;
      expiries.set(token, clock() + settings.accessTokenSeconds * 1000);
      return {
        access_token: token,
        token_type: 'bearer',
        expires_in: settings.accessTokenSeconds,
        scope: settings.accountScopes.join(' '),
        api_url: 'https://api.zoom.us',
      };
    },
    isValid: (token) => (expiries.get(token ?? '') ?? 0) > clock(),
    save: () => Object.fromEntries(expiries),
    load(value) {
      for (const [token, expires] of Object.entries(heldSchema.parse(value))) expiries.set(token, expires);
    },
    reset: () => expiries.clear(),
  };
};
