/**
 * Connects Microsoft accounts:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow. A refresh issues a new refresh token and
 * keeps the old one valid, so a lost response does no harm:
 * https://learn.microsoft.com/entra/identity-platform/refresh-tokens.
 */
import type { AuthenticationResult, ConfidentialClientApplication } from '@azure/msal-node';
import { z } from 'zod';
import type { AccessToken } from '../../domain/connections/grant.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { providerError } from '../errors/error-table.ts';
import type { OAuthAuthorizer } from '../oauth/authorizers.ts';
import { normalizeScopes } from '../oauth/scopes.ts';
import { operationOf } from '../operations.ts';
import { createMicrosoftClient } from './client.ts';
import { microsoftCodeErrors, microsoftRefreshErrors } from './errors.ts';
import { graphScopes, type MicrosoftSettings, microsoftScopes, signInScopes } from './settings.ts';

const redeemCode = operationOf('microsoft', 'oauth.redeem');
const refreshToken = operationOf('microsoft', 'oauth.refresh');

/** Creates the OAuth port of Microsoft. */
export const createMicrosoftAuthorizer = (settings: MicrosoftSettings): OAuthAuthorizer => {
  const client = createMicrosoftClient(settings);
  /** Whether this process has refreshed a token. */
  let isAppKnown = false;

  return {
    provider: 'microsoft',
    scopes: microsoftScopes,
    authorizationUrl: async ({ state, codeChallenge, redirectUri, scopes, loginHint }) => {
      const application = await client.application();
      return application.getAuthCodeUrl({
        state,
        codeChallenge,
        codeChallengeMethod: 'S256',
        redirectUri,
        scopes: [...scopes],
        ...(loginHint ? { loginHint } : { prompt: 'select_account' }),
      });
    },
    redeem: ({ code, codeVerifier, redirectUri }, call) =>
      client.exchange(
        redeemCode,
        call,
        async (application) => {
          const result = await application.acquireTokenByCode({
            code,
            codeVerifier,
            redirectUri,
            scopes: [...graphScopes],
          });
          const cached = refreshTokenIn(application);
          if (cached === undefined) {
            const message = 'the answer to the consent has no refresh token; connect the account again';
            throw providerError(redeemCode, { kind: 'reconnect' }, { message });
          }
          const claims = claimsSchema.parse(result.idTokenClaims);
          return {
            account: { id: claims.oid ? `${claims.tid}.${claims.oid}` : claims.sub, name: nameOf(claims) },
            scopes: normalizeMicrosoftScopes(result.scopes),
            credential: { kind: 'oauth', refreshToken: cached },
            accessToken: accessTokenOf(result),
          };
        },
        microsoftCodeErrors,
      ),
    refresh: (token, call) =>
      client.exchange(
        refreshToken,
        call,
        async (application) => {
          const result = await application.acquireTokenByRefreshToken({
            refreshToken: token,
            scopes: [...graphScopes],
            forceCache: true,
          });
          const accessToken = accessTokenOf(result);
          isAppKnown = true;
          const another = refreshTokenIn(application);
          return {
            accessToken,
            refreshToken: another === token ? undefined : another,
            scopes: normalizeMicrosoftScopes(result?.scopes ?? []),
          };
        },
        microsoftRefreshErrors(isAppKnown),
      ),
    revoke: async () => 'unsupported',
  };
};

/** Tenant id and object id identify an account permanently: https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference */
const claimsSchema = z.object({
  sub: z.string().min(1),
  oid: z.string().optional(),
  tid: z.string().optional(),
  preferred_username: z.string().optional(),
  email: z.string().optional(),
  name: z.string().optional(),
});

const nameOf = ({ preferred_username, email, name, sub }: z.infer<typeof claimsSchema>): string =>
  preferred_username ?? email ?? name ?? sub;

/** The library also returns a token for an empty answer, which this schema rejects. */
const tokenSchema = z.object({ accessToken: z.string().min(1), expiresOn: z.date() });

const accessTokenOf = (result: AuthenticationResult | null): AccessToken => {
  const { accessToken, expiresOn } = tokenSchema.parse(result);
  return { value: accessToken, expiresAt: toInstant(expiresOn.getTime()) };
};

const cacheSchema = z.object({
  RefreshToken: z.record(z.string(), z.object({ secret: z.string().min(1) })).default({}),
});

/** Reads the refresh token from the library's serialized cache; the library has no other access to it. */
const refreshTokenIn = (application: ConfidentialClientApplication): string | undefined => {
  const cache = cacheSchema.parse(JSON.parse(application.getTokenCache().serialize()));
  return Object.values(cache.RefreshToken)[0]?.secret;
};

/**
 * Normalizes scopes: Microsoft writes them with or without its URL as a prefix, in any case. The sign-in scopes are added,
 * because answers do not always name them and every consent includes them.
 */
const normalizeMicrosoftScopes = (answered: readonly string[]): readonly string[] => {
  const ours = [...microsoftScopes.required, ...microsoftScopes.optional];
  const spellings = new Map<string, string>(ours.map((scope) => [scope.toLowerCase(), scope]));
  return normalizeScopes(
    [...signInScopes, ...answered]
      .map((scope) => scope.replace(/^https:\/\/graph\.microsoft\.com\//i, ''))
      .map((scope) => spellings.get(scope.toLowerCase()) ?? scope),
  );
};
