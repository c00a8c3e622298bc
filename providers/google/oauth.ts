/**
 * Connecting a Google account: https://developers.google.com/identity/protocols/oauth2/web-server and, for who it is,
 * https://developers.google.com/identity/openid-connect/openid-connect.
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
/** A refresh leaves the refresh token as it is, and a repeated revocation finds nothing. */
const refreshToken = operationOf('google', 'oauth.refresh');
const revokeGrant = operationOf('google', 'oauth.revoke');

const issuedSchema = z.object({
  access_token: z.string().min(1),
  /** Epoch milliseconds, by our clock: the library adds `expires_in` to the time of the answer. */
  expiry_date: z.number(),
  refresh_token: z.string().min(1).nullish(),
  /** Left out where it is what was asked for (RFC 6749, section 5.1). */
  scope: z.string().optional(),
  id_token: z.string().nullish(),
});
type Issued = z.infer<typeof issuedSchema>;

export const createGoogleAuthorizer = (settings: GoogleSettings): OAuthAuthorizer => {
  const endpointsFor = createGoogleEndpoints(settings);

  /** One exchange, with a client of its own: nothing of a person's stays in one. */
  const exchange = async <Answer>(
    operation: ProviderOperation,
    call: CallContext,
    ask: (oauth: OAuthClient) => Promise<Answer>,
    table: readonly ErrorRow[] = googleTokenErrors,
  ): Promise<Answer> => {
    try {
      const signal = withDeadline(call, googleDeadlineMs);
      return await ask(createOAuthClient(settings, await endpointsFor({ signal }), signal));
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
            const message = 'no refresh token came with the consent';
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
 * A refresh token comes with `offline`, and surely only with `consent`: without it Google gives none to somebody who has
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

/** The token goes in the body, as RFC 7009 has it and Google takes it: the library puts it into the address. */
const postRevocation = (oauth: OAuthClient, token: string) =>
  oauth.transporter.request({
    url: oauth.endpoints.oauth2RevokeUrl.toString(),
    method: 'POST',
    data: new URLSearchParams({ token }),
  });

/** As it was answered: what the library keeps afterwards is the refresh token it was given. */
const exchangeRefreshToken = async (oauth: OAuthClient, token: string): Promise<Issued> => {
  const answered: unknown[] = [];
  oauth.once('tokens', (tokens) => answered.push({ ...tokens }));
  oauth.setCredentials({ refresh_token: token });
  await oauth.getAccessToken();
  return issuedSchema.parse(answered[0]);
};

const accessTokenOf = ({ access_token, expiry_date }: Issued): AccessToken => ({
  value: access_token,
  expiresAt: toInstant(expiry_date),
});

const scopesOf = ({ scope }: Issued): readonly string[] | undefined =>
  scope === undefined ? undefined : normalizeScopes(splitScopes(scope), googleScopeAliases);

/**
 * Whose account it is. The token came straight from Google over TLS, which stands for its signature
 * (OpenID Connect Core, section 3.1.3.7).
 */
const accountOf = (
  { id_token }: Issued,
  clientId: string,
): { readonly id: string; readonly name: string } => {
  const claims = z
    .object({
      sub: z.string().min(1),
      email: z.string().optional(),
      aud: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
    })
    .refine(({ aud }) => aud.includes(clientId), { path: ['aud'] })
    .parse(id_token ? decodeJwt(id_token) : {});
  return { id: claims.sub, name: claims.email ?? claims.sub };
};
