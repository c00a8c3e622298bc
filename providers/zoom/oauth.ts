/**
 * Connects a person's own Zoom account through a user-managed app: https://developers.zoom.us/docs/integrations/oauth/.
 * Each refresh issues a new refresh token and invalidates the previous one, so a lost answer can cost the grant. The
 * service's own account uses `server-to-server-token.ts`.
 */
import { z } from 'zod';
import type { AccessToken } from '../../domain/connections/grant.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { type ErrorRow, type ProviderOperation, providerError } from '../errors/error-table.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import type { OAuthAuthorizer } from '../oauth/authorizers.ts';
import { normalizeScopes, splitScopes } from '../oauth/scopes.ts';
import { operationOf, withoutEffect } from '../operations.ts';
import type { CallContext } from '../ports.ts';
import { fromZoom, zoomCodeErrors, zoomError, zoomRefreshErrors, zoomUserErrors } from './errors.ts';
import { basicCredentials, exchangeWithZoom } from './http.ts';
import { type ZoomSettings, zoomDeadlineMs, zoomScopeAliases, zoomScopes } from './settings.ts';

const redeemCode = operationOf('zoom', 'oauth.redeem');
const readUser = operationOf('zoom', 'users.me');
const refreshToken = operationOf('zoom', 'oauth.refresh');
const revokeGrant = operationOf('zoom', 'oauth.revoke');

const issuedSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1),
  /** Seconds. */
  expires_in: z.number().positive(),
  /** Omitted when it equals the requested scope (RFC 6749, section 5.1). */
  scope: z.string().optional(),
});

const userSchema = z.object({ id: z.string().min(1), email: z.string().optional() });

/** Creates the OAuth port of Zoom; undefined when no user-managed app is configured. */
export const createZoomAuthorizer = (settings: ZoomSettings): OAuthAuthorizer | undefined =>
  settings.userApp && authorizerOf(settings, settings.userApp);

const authorizerOf = (
  { apiUrl, oauthUrl }: ZoomSettings,
  app: NonNullable<ZoomSettings['userApp']>,
): OAuthAuthorizer => {
  const post = async (
    operation: ProviderOperation,
    path: string,
    form: Record<string, string>,
    table: readonly ErrorRow[],
    call: CallContext,
  ): Promise<unknown> => {
    const answer = await exchangeWithZoom(`${oauthUrl}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        authorization: basicCredentials(app),
        'x-correlation-id': call.correlationId,
      },
      body: new URLSearchParams(form).toString(),
      signal: withDeadline(call, zoomDeadlineMs),
    });
    if (answer.status === 200) return answer.body;
    throw zoomError(table, operation, answer);
  };

  const accountOf = async (accessToken: string, call: CallContext) => {
    const answer = await exchangeWithZoom(`${apiUrl}/users/me`, {
      method: 'GET',
      headers: {
        authorization: `Bearer ${accessToken}`,
        accept: 'application/json',
        'x-correlation-id': call.correlationId,
      },
      signal: withDeadline(call, zoomDeadlineMs),
    });
    if (answer.status !== 200) throw zoomError(zoomUserErrors, readUser, answer);
    const { id, email } = userSchema.parse(answer.body);
    return { id, name: email ?? id };
  };

  const refreshed = async (token: string, call: CallContext) => {
    const form = { grant_type: 'refresh_token', refresh_token: token };
    const issued = issuedSchema.parse(
      await post(refreshToken, '/oauth/token', form, zoomRefreshErrors, call),
    );
    return {
      accessToken: accessTokenOf(issued),
      refreshToken: issued.refresh_token,
      scopes: scopesOf(issued.scope),
    };
  };

  return {
    provider: 'zoom',
    scopes: zoomScopes,
    authorizationUrl: async ({ state, codeChallenge, redirectUri }) =>
      `${oauthUrl}/oauth/authorize?${new URLSearchParams({
        response_type: 'code',
        client_id: app.clientId,
        redirect_uri: redirectUri,
        state,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      }).toString()}`,
    redeem: ({ code, codeVerifier, redirectUri }, call) =>
      withZoomErrors(redeemCode, call, async () => {
        const form = {
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          code_verifier: codeVerifier,
        };
        const issued = issuedSchema.parse(await post(redeemCode, '/oauth/token', form, zoomCodeErrors, call));
        const scopes = scopesOf(issued.scope);
        if (!scopes.includes('user:read:user')) {
          const message = 'the consent lacks the scope user:read:user, which identifies the account';
          throw providerError(redeemCode, { kind: 'reconnect' }, { message });
        }
        return {
          account: await accountOf(issued.access_token, call),
          scopes,
          credential: { kind: 'oauth', refreshToken: issued.refresh_token },
          accessToken: accessTokenOf(issued),
        };
      }),
    refresh: (token, call) => withZoomErrors(refreshToken, call, () => refreshed(token, call)),
    /** Zoom revokes access tokens, and the grant with them, so a new access token is fetched first. */
    revoke: (token, call) =>
      withZoomErrors(revokeGrant, call, async (): Promise<'revoked'> => {
        const accessToken = await refreshed(token, call).then(
          (renewed) => renewed.accessToken.value,
          (error: unknown) => {
            if (fromZoom(revokeGrant, error, call).fault.kind === 'reconnect') return undefined;
            throw error;
          },
        );
        if (accessToken === undefined) return 'revoked';
        await post(revokeGrant, '/oauth/revoke', { token: accessToken }, zoomRefreshErrors, call);
        return 'revoked';
      }),
  };
};

const withZoomErrors = async <Answer>(
  operation: ProviderOperation,
  call: CallContext,
  perform: () => Promise<Answer>,
): Promise<Answer> => {
  // An aborted call is not sent.
  if (call.signal.aborted) throw fromZoom(withoutEffect(operation), call.signal.reason, call);
  try {
    return await perform();
  } catch (error) {
    throw fromZoom(operation, error, call);
  }
};

const accessTokenOf = ({ access_token, expires_in }: z.infer<typeof issuedSchema>): AccessToken => ({
  value: access_token,
  expiresAt: toInstant(Date.now() + expires_in * 1_000),
});

const scopesOf = (scope: string | undefined): readonly string[] =>
  scope === undefined ? zoomScopes.required : normalizeScopes(splitScopes(scope), zoomScopeAliases);
