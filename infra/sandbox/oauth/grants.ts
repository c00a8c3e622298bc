/**
 * Stores grants and their tokens. The vendors rotate refresh tokens differently: Google keeps the token,
 * Microsoft issues another and keeps the old one valid, Zoom issues another and invalidates the old one.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../time.ts';

const grantSchema = z.object({
  id: z.string(),
  account: z.string(),
  scopes: z.array(z.string()),
  since: z.number(),
  revoked: z.boolean(),
});
export type OAuthGrant = z.infer<typeof grantSchema>;

const heldSchema = z.object({
  grants: z.array(grantSchema),
  access: z.record(z.string(), z.object({ grant: z.string(), expires: z.number() })),
  refresh: z.record(z.string(), z.object({ grant: z.string(), dead: z.boolean() })),
});

export interface GrantOptions {
  readonly accessTokenSeconds: number;
  readonly accessPrefix: string;
  readonly refreshPrefix: string;
  readonly rotation: 'keeps' | 'adds' | 'replaces';
  /** Returns account and scopes of a refresh token that is valid without a consent. */
  readonly findPreauthorized?: (refreshToken: string) => Pick<OAuthGrant, 'account' | 'scopes'> | undefined;
}

export interface IssuedTokens {
  readonly grant: OAuthGrant;
  readonly accessToken: string;
  readonly expiresIn: number;
  /** Present if a new refresh token was issued. */
  readonly refreshToken?: string;
}

export interface Grants {
  begin(account: string, scopes: readonly string[], offline: boolean): IssuedTokens;
  refresh(refreshToken: string): IssuedTokens | 'unknown' | 'revoked';
  /**
   * Revokes the grant of an access or refresh token. Returns false for an unknown token or a revoked grant.
   */
  revoke(token: string): boolean;
  revokeGrant(id: string): void;
  /** Revokes all grants of an account. Returns their number. */
  revokeAccount(account: string): number;
  /** Returns the grant of a valid access token. */
  findByAccessToken(accessToken: string | undefined): OAuthGrant | undefined;
  /** Returns the scopes of all grants of the account. */
  scopesOf(account: string): readonly string[];
  expireAccessTokens(): void;
  all(): readonly OAuthGrant[];
  readonly save: () => z.infer<typeof heldSchema>;
  readonly load: (value: unknown) => void;
  reset(): void;
}

/** Above this number of access tokens, expired ones are deleted before another is issued. */
const sweepAbove = 500;
const random = (bytes: number) => randomBytes(bytes).toString('base64url');

/** Creates a store without grants. */
export const createGrants = (options: GrantOptions, clock: Clock): Grants => {
  const grants = new Map<string, OAuthGrant>();
  const access = new Map<string, { grant: string; expires: number }>();
  const refresh = new Map<string, { grant: string; dead: boolean }>();

  const newAccessToken = (grant: OAuthGrant): string => {
    if (access.size > sweepAbove) {
      for (const [token, held] of access) if (held.expires <= clock()) access.delete(token);
    }
    const token = `${options.accessPrefix}${random(30)}`;
    access.set(token, { grant: grant.id, expires: clock() + options.accessTokenSeconds * 1000 });
    return token;
  };
  const newRefreshToken = (grant: OAuthGrant): string => {
    const token = `${options.refreshPrefix}${random(30)}`;
    refresh.set(token, { grant: grant.id, dead: false });
    return token;
  };
  const newGrant = (account: string, scopes: readonly string[]): OAuthGrant => {
    const grant = { id: random(12), account, scopes: [...scopes], since: clock(), revoked: false };
    grants.set(grant.id, grant);
    return grant;
  };
  const issue = (grant: OAuthGrant, refreshToken?: string): IssuedTokens => ({
    grant,
    accessToken: newAccessToken(grant),
    expiresIn: options.accessTokenSeconds,
    ...(refreshToken === undefined ? {} : { refreshToken }),
  });

  /** Returns the entry of a refresh token. Creates the entry of a preauthorized token on its first use. */
  const entryOf = (refreshToken: string) => {
    const entry = refresh.get(refreshToken);
    const preauthorized = entry ? undefined : options.findPreauthorized?.(refreshToken);
    if (!preauthorized) return entry;
    const created = { grant: newGrant(preauthorized.account, preauthorized.scopes).id, dead: false };
    refresh.set(refreshToken, created);
    return created;
  };
  const end = (grant: OAuthGrant) => {
    grant.revoked = true;
    for (const [token, held] of access) if (held.grant === grant.id) access.delete(token);
  };

  return {
    begin(account, scopes, offline) {
      const grant = newGrant(account, scopes);
      return issue(grant, offline ? newRefreshToken(grant) : undefined);
    },
    refresh(refreshToken) {
      const entry = entryOf(refreshToken);
      const grant = entry && grants.get(entry.grant);
      if (!entry || !grant) return 'unknown';
      if (grant.revoked || entry.dead) return 'revoked';
      if (options.rotation === 'keeps') return issue(grant);
      entry.dead = options.rotation === 'replaces';
      return issue(grant, newRefreshToken(grant));
    },
    revoke(token) {
      const grant = grants.get((access.get(token) ?? entryOf(token))?.grant ?? '');
      if (!grant || grant.revoked) return false;
      end(grant);
      return true;
    },
    revokeGrant(id) {
      const grant = grants.get(id);
      if (grant) end(grant);
    },
    revokeAccount(account) {
      const grantsOfAccount = [...grants.values()].filter(
        (grant) => grant.account === account && !grant.revoked,
      );
      for (const grant of grantsOfAccount) end(grant);
      return grantsOfAccount.length;
    },
    findByAccessToken(accessToken) {
      const held = access.get(accessToken ?? '');
      const grant = held && grants.get(held.grant);
      return held && grant && !grant.revoked && held.expires > clock() ? grant : undefined;
    },
    scopesOf: (account) => [
      ...new Set(
        [...grants.values()]
          .filter((grant) => grant.account === account && !grant.revoked)
          .flatMap(({ scopes }) => scopes),
      ),
    ],
    expireAccessTokens: () => access.clear(),
    all: () => [...grants.values()],
    save: () => ({
      grants: [...grants.values()],
      access: Object.fromEntries(access),
      refresh: Object.fromEntries(refresh),
    }),
    load(value) {
      const held = heldSchema.parse(value);
      for (const grant of held.grants) grants.set(grant.id, grant);
      for (const [token, entry] of Object.entries(held.access)) access.set(token, entry);
      for (const [token, entry] of Object.entries(held.refresh)) refresh.set(token, entry);
    },
    reset() {
      grants.clear();
      access.clear();
      refresh.clear();
    },
  };
};
