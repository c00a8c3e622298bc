/**
 * Connects Google accounts: https://developers.google.com/identity/protocols/oauth2/web-server and, for the account's
 * identity, https://developers.google.com/identity/openid-connect/openid-connect.
 */
import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { AccessToken } from '../../domain/connections/grant.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { type ErrorRow, type ProviderOperation, providerError } from '../errors/error-table.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import type { AuthorizationRequest, OAuthAuthorizer } from '../oauth/authorizers.ts';
import { normalizeScopes, splitScopes } from '../oauth/scopes.ts';
import { operationOf } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import { createGoogleEndpoints } from './endpoints.ts';
import { fromGoogle, googleCodeErrors, googleTokenErrors } from './errors.ts';
import { createOAuthClient, type OAuthClient } from './oauth-client.ts';
import { type GoogleSettings, googleDeadlineMs, googleScopeAliases, googleScopes } from './settings.ts';

const redeemCode = operationOf('google', 'oauth.redeem');
/** A refresh does not change the refresh token, and a repeated revocation finds nothing. */
const refreshToken = operationOf('google', 'oauth.refresh');
const revokeGrant = operationOf('google', 'oauth.revoke');

const issuedSchema = z.object({
  access_token: z.string().min(1),
  /** Epoch milliseconds of our clock: the library adds `expires_in` to the time of the answer. */
  expiry_date: z.number(),
  refresh_token: z.string().min(1).nullish(),
  /** Omitted when it equals the requested scope (RFC 6749, section 5.1). */
  scope: z.string().optional(),
  id_token: z.string().nullish(),
});
type Issued = z.infer<typeof issuedSchema>;

/** Creates the OAuth port of Google. */
export const createGoogleAuthorizer = (settings: GoogleSettings): OAuthAuthorizer => {
  const endpointsFor = createGoogleEndpoints(settings);

  /** Makes one exchange with a client of its own, so that no person's tokens stay in a client. */
  const exchange = async <Answer>(
    operation: ProviderOperation,
    call: CallContext,
    send: (oauth: OAuthClient) => Promise<Answer>,
    table: readonly ErrorRow[] = googleTokenErrors,
  ): Promise<Answer> => {
    try {
      const signal = withDeadline(call, googleDeadlineMs);
      return await send(createOAuthClient(settings, await endpointsFor({ signal }), signal));
    } catch (error) {
      throw fromGoogle(operation, error, call, table);
    }
  };

  return {
    provider: 'google',
    scopes: googleScopes,
    issuers: [settings.authUrl],
    authorizationUrl: async (request) => {
      const endpoints = await endpointsFor({ signal: AbortSignal.timeout(googleDeadlineMs) });
      return authorizationUrl(createOAuthClient(settings, endpoints), request);
    },
    redeem: ({ code, codeVerifier, redirectUri }, call) =>
      exchange(
        redeemCode,
        call,
        async (oauth) => {
          const { tokens } = await oauth.getToken({ code, codeVerifier, redirect_uri: redirectUri });
          const issued = issuedSchema.parse(tokens);
          if (!issued.refresh_token) {
            const message = 'the answer to the consent has no refresh token; connect the account again';
            throw providerError(redeemCode, { kind: 'reconnect' }, { message });
          }
          return {
            account: accountOf(issued, settings.clientId),
            scopes: scopesOf(issued) ?? googleScopes.required,
            credential: { kind: 'oauth', refreshToken: issued.refresh_token },
            accessToken: accessTokenOf(issued),
          };
        },
        googleCodeErrors,
      ),
    refresh: (token, call) =>
      exchange(refreshToken, call, async (oauth) => {
        const issued = await exchangeRefreshToken(oauth, token);
        const another = issued.refresh_token === token ? undefined : issued.refresh_token;
        return {
          accessToken: accessTokenOf(issued),
          refreshToken: another ?? undefined,
          scopes: scopesOf(issued),
        };
      }),
    revoke: (token, call) =>
      exchange(revokeGrant, call, async (oauth): Promise<'revoked'> => {
        await postRevocation(oauth, token).catch((error: unknown) => {
          if (fromGoogle(revokeGrant, error, call).vendor.code !== 'invalid_token') throw error;
        });
        return 'revoked';
      }),
  };
};

/**
 * Google issues a refresh token with `access_type=offline`. Without `prompt=consent` it issues none to a person who has
 * consented before.
 */
const authorizationUrl = (oauth: OAuthClient, request: AuthorizationRequest): string => {
  const url = new URL(
    oauth.generateAuthUrl({
      redirect_uri: request.redirectUri,
      scope: [...request.scopes],
      state: request.state,
      access_type: 'offline',
      include_granted_scopes: true,
      prompt: request.loginHint ? 'consent' : 'select_account consent',
      ...(request.loginHint && { login_hint: request.loginHint }),
    }),
  );
  url.searchParams.set('code_challenge', request.codeChallenge);
  url.searchParams.set('code_challenge_method', 'S256');
  return url.href;
};

/** Sends the token in the body (RFC 7009). The library would put it into the URL. */
const postRevocation = (oauth: OAuthClient, token: string) =>
  oauth.transporter.request({
    url: oauth.endpoints.oauth2RevokeUrl.toString(),
    method: 'POST',
    data: new URLSearchParams({ token }),
  });

/** Returns the unchanged answer: the library overwrites the answered refresh token with the one it was given. */
const exchangeRefreshToken = async (oauth: OAuthClient, token: string): Promise<Issued> => {
  const answers: unknown[] = [];
  oauth.once('tokens', (tokens) => answers.push({ ...tokens }));
  oauth.setCredentials({ refresh_token: token });
  await oauth.getAccessToken();
  return issuedSchema.parse(answers[0]);
};

const accessTokenOf = ({ access_token, expiry_date }: Issued): AccessToken => ({
  value: access_token,
  expiresAt: toInstant(expiry_date),
});

const scopesOf = ({ scope }: Issued): readonly string[] | undefined =>
  scope === undefined ? undefined : normalizeScopes(splitScopes(scope), googleScopeAliases);

/**
 * Reads the account from the id token. Its signature is not checked: it came directly from Google over TLS (OpenID Connect
 * Core, section 3.1.3.7).
 */
const accountOf = (
  { id_token }: Issued,
  clientId: string,
): { readonly id: string; readonly name: string; readonly isPersonal: boolean } => {
  const claims = z
    .object({
      sub: z.string().min(1),
      email: z.string().optional(),
      hd: z
        .string()
        .optional()
        .describe('The domain of the Workspace of the account. Absent for a personal account'),
      aud: z.union([z.string().transform((audience) => [audience]), z.array(z.string())]),
    })
    .refine(({ aud }) => aud.includes(clientId), { path: ['aud'] })
    .parse(id_token ? decodeJwt(id_token) : {});
  return { id: claims.sub, name: claims.email ?? claims.sub, isPersonal: claims.hd === undefined };
};
