/** Who may call on whose behalf: refresh tokens, the access tokens made from them, and what was revoked. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { GoogleSettings } from '../settings.ts';
import { OAuthError } from './errors.ts';

const grantSchema = z.object({ account: z.string(), refreshToken: z.string(), expires: z.number() });

const heldTokensSchema = z.object({
  access: z.record(z.string(), grantSchema),
  /** Refresh tokens that came from an authorization code; those with the prefix need no entry. */
  refresh: z.record(z.string(), z.string()),
  revoked: z.array(z.string()),
  usedCodes: z.array(z.string()),
});

interface AccessToken {
  readonly access_token: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly token_type: 'Bearer';
}

export interface Tokens {
  /** Throws `invalid_grant` for a token that is unknown or revoked. */
  refresh(refreshToken: string): AccessToken;
  /** Throws `invalid_grant` for a code that is unknown or used. */
  exchange(code: string): AccessToken & { readonly refresh_token: string };
  /** Takes an access or a refresh token; false when it is neither. */
  revoke(token: string): boolean;
  /** The account of an access token that is still good. */
  accountOf(accessToken: string | undefined): string | undefined;
  readonly save: () => z.infer<typeof heldTokensSchema>;
  readonly load: (value: unknown) => void;
  reset(): void;
}

const scope = 'https://www.googleapis.com/auth/calendar';
/** Above this, expired access tokens are swept out before another is made. */
const sweepAbove = 500;

const afterPrefix = (text: string, prefix: string) =>
  text.startsWith(prefix) && text.length > prefix.length ? text.slice(prefix.length) : undefined;

export const createTokens = (settings: GoogleSettings, clock: Clock): Tokens => {
  const access = new Map<string, z.infer<typeof grantSchema>>();
  const refresh = new Map<string, string>();
  const revoked = new Set<string>();
  const usedCodes = new Set<string>();

  const issue = (account: string, refreshToken: string): AccessToken => {
    if (access.size > sweepAbove) {
      for (const [token, grant] of access) if (grant.expires <= clock()) access.delete(token);
    }
    const token = `ya29.sandbox-${randomBytes(18).toString('base64url')}`;
    access.set(token, { account, refreshToken, expires: clock() + settings.accessTokenSeconds * 1000 });
    return { access_token: token, expires_in: settings.accessTokenSeconds, scope, token_type: 'Bearer' };
  };

  return {
    refresh(refreshToken) {
      if (revoked.has(refreshToken)) {
        throw new OAuthError(400, 'invalid_grant', 'Token has been expired or revoked.');
      }
      const account = refresh.get(refreshToken) ?? afterPrefix(refreshToken, settings.refreshTokenPrefix);
      if (account === undefined) throw new OAuthError(400, 'invalid_grant', 'Bad Request');
      return issue(account, refreshToken);
    },
    exchange(code) {
      // What follows a `~` makes a second code for the same account.
      const account = afterPrefix(code, settings.authorizationCodePrefix)?.split('~')[0];
      if (!account || usedCodes.has(code)) throw new OAuthError(400, 'invalid_grant', 'Malformed auth code.');
      usedCodes.add(code);
      const refreshToken = `1//sandbox-${randomBytes(24).toString('base64url')}`;
      refresh.set(refreshToken, account);
      return { ...issue(account, refreshToken), refresh_token: refreshToken };
    },
    revoke(token) {
      const refreshToken =
        access.get(token)?.refreshToken ??
        (refresh.has(token) || afterPrefix(token, settings.refreshTokenPrefix) ? token : undefined);
      if (refreshToken === undefined || revoked.has(refreshToken)) return false;
      revoked.add(refreshToken);
      for (const [held, grant] of access) if (grant.refreshToken === refreshToken) access.delete(held);
      return true;
    },
    accountOf(accessToken) {
      const grant = access.get(accessToken ?? '');
      return grant && grant.expires > clock() ? grant.account : undefined;
    },
    save: () => ({
      access: Object.fromEntries(access),
      refresh: Object.fromEntries(refresh),
      revoked: [...revoked],
      usedCodes: [...usedCodes],
    }),
    load(value) {
      const held = heldTokensSchema.parse(value);
      for (const [token, grant] of Object.entries(held.access)) access.set(token, grant);
      for (const [token, account] of Object.entries(held.refresh)) refresh.set(token, account);
      for (const token of held.revoked) revoked.add(token);
      for (const code of held.usedCodes) usedCodes.add(code);
    },
    reset() {
      access.clear();
      refresh.clear();
      revoked.clear();
      usedCodes.clear();
    },
  };
};
