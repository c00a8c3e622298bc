/**
 * Who has let an app in, and the tokens that came of it. The vendors differ in what a refresh does to the refresh token:
 * Google keeps it, Microsoft gives another and lets the old one live, Zoom gives another and the old one is dead.
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
  /** Refresh tokens that are good without anybody's consent: whose they are, and for what. */
  readonly findPreauthorized?: (refreshToken: string) => Pick<OAuthGrant, 'account' | 'scopes'> | undefined;
}

export interface IssuedTokens {
  readonly grant: OAuthGrant;
  readonly accessToken: string;
  readonly expiresIn: number;
  /** Given where there is a new one. */
  readonly refreshToken?: string;
}

export interface Grants {
  begin(account: string, scopes: readonly string[], offline: boolean): IssuedTokens;
  refresh(refreshToken: string): IssuedTokens | 'unknown' | 'revoked';
  /** Takes an access or a refresh token; false when it is neither, or its grant is gone already. */
  revoke(token: string): boolean;
  revokeGrant(id: string): void;
  /** As if the person had taken the app away; answers how many grants went. */
  revokeAccount(account: string): number;
  /** Of an access token that is still good. */
  findByAccessToken(accessToken: string | undefined): OAuthGrant | undefined;
  /** What the account has let the app do so far. */
  scopesOf(account: string): readonly string[];
  expireAccessTokens(): void;
  all(): readonly OAuthGrant[];
  readonly save: () => z.infer<typeof heldSchema>;
  readonly load: (value: unknown) => void;
  reset(): void;
}

/** Above this, expired access tokens are swept out before another is made. */
const sweepAbove = 500;
const random = (bytes: number) => randomBytes(bytes).toString('base64url');

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

  /** The entry of a refresh token; one that is good without consent gets its entry when it is first seen. */
  const entryOf = (refreshToken: string) => {
    const entry = refresh.get(refreshToken);
    const known = entry ? undefined : options.findPreauthorized?.(refreshToken);
    if (!known) return entry;
    const made = { grant: newGrant(known.account, known.scopes).id, dead: false };
    refresh.set(refreshToken, made);
    return made;
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
      const theirs = [...grants.values()].filter((grant) => grant.account === account && !grant.revoked);
      for (const grant of theirs) end(grant);
      return theirs.length;
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
