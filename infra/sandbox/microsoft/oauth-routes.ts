/** Serves Microsoft's token endpoint, its OpenID configuration and keys, and Graph's `me`. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseBasicCredentials, parseBearerToken } from '../authorization.ts';
import type { CodeError } from '../oauth/authorization-codes.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import { tokenForm } from '../oauth/authorization-server.ts';
import type { IssuedTokens, OAuthGrant } from '../oauth/grants.ts';
import { type IdTokens, originOf } from '../oauth/id-token.ts';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import { GraphError, LoginError, loginErrors } from './errors.ts';
import { displayNameOf, objectIdOf, subjectOf } from './person.ts';

const form = tokenForm.extend({ client_info: z.string().optional() });
type Form = z.infer<typeof form>;

const codeErrors = {
  unknown: loginErrors.unknownCode,
  expired: loginErrors.expiredCode,
  client: loginErrors.unknownCode,
  redirect_uri: loginErrors.wrongAddress,
  verifier: loginErrors.wrongVerifier,
} as const satisfies Record<CodeError, unknown>;

export interface MicrosoftRouteParts {
  readonly settings: MicrosoftSandboxSettings;
  readonly server: AuthorizationServer;
  readonly idTokens: IdTokens;
  readonly clock: Clock;
  readonly changed: () => void;
}

const checkClient = (request: FastifyRequest, body: Form, settings: MicrosoftSandboxSettings) => {
  const basic = parseBasicCredentials(request.headers.authorization);
  if ((basic?.user ?? body.client_id) !== settings.clientId) throw new LoginError(loginErrors.unknownClient);
  if ((basic?.password ?? body.client_secret) !== settings.clientSecret) {
    throw new LoginError(loginErrors.wrongSecret);
  }
};

/** Registers Microsoft's routes. */
export const microsoftRoutes = (app: FastifyInstance, parts: MicrosoftRouteParts) => {
  const { settings, server, idTokens, clock, changed } = parts;
  const { codes, grants } = server;

  const idTokenOf = async ({ account, scopes }: OAuthGrant, nonce: string | undefined, origin: string) => {
    if (!scopes.includes('openid')) return {};
    const now = Math.floor(clock() / 1000);
    return {
      id_token: await idTokens.sign({
        ver: '2.0',
        iss: `${origin}/${settings.tenantId}/v2.0`,
        aud: settings.clientId,
        sub: subjectOf(account),
        oid: objectIdOf(account),
        tid: settings.tenantId,
        ...(scopes.includes('profile') ? { name: displayNameOf(account), preferred_username: account } : {}),
        ...(scopes.includes('email') ? { email: account } : {}),
        ...(nonce === undefined ? {} : { nonce }),
        iat: now,
        nbf: now,
        exp: now + 3600,
      }),
    };
  };

  const clientInfoOf = ({ account }: OAuthGrant) => ({
    client_info: Buffer.from(JSON.stringify({ uid: objectIdOf(account), utid: settings.tenantId })).toString(
      'base64url',
    ),
  });

  const exchange = (body: Form): { issued: IssuedTokens; nonce: string | undefined } => {
    const code = body.code ?? '';
    const redemption = codes.redeem({
      code,
      clientId: settings.clientId,
      redirectUri: body.redirect_uri,
      codeVerifier: body.code_verifier,
    });
    if (redemption.kind === 'used') {
      if (redemption.grant !== undefined) grants.revokeGrant(redemption.grant);
      changed();
      throw new LoginError(loginErrors.usedCode);
    }
    if (redemption.kind === 'refused') throw new LoginError(codeErrors[redemption.why]);
    const { account, scopes, offline, nonce } = redemption.consented;
    const issued = grants.begin(account, scopes, offline);
    codes.linkGrant(code, issued.grant.id);
    return { issued, nonce };
  };

  const refresh = (body: Form): { issued: IssuedTokens; nonce: undefined } => {
    const issued = grants.refresh(body.refresh_token ?? '');
    if (issued === 'unknown') throw new LoginError(loginErrors.unknownRefreshToken);
    if (issued === 'revoked') throw new LoginError(loginErrors.revoked);
    return { issued, nonce: undefined };
  };

  app.post('/:tenant/oauth2/v2.0/token', { config: { operation: 'token' } }, async (request, reply) => {
    const body = form.safeParse(request.body ?? {}).data ?? {};
    checkClient(request, body, settings);
    if (body.grant_type !== 'authorization_code' && body.grant_type !== 'refresh_token') {
      throw new LoginError(loginErrors.otherGrant);
    }
    const { issued, nonce } = body.grant_type === 'refresh_token' ? refresh(body) : exchange(body);
    changed();
    return reply.header('cache-control', 'no-store, no-cache').send({
      token_type: 'Bearer',
      // Microsoft omits offline_access from the granted scopes.
      scope: issued.grant.scopes.filter((scope) => scope !== 'offline_access').join(' '),
      expires_in: issued.expiresIn,
      ext_expires_in: issued.expiresIn,
      access_token: issued.accessToken,
      ...(issued.refreshToken === undefined ? {} : { refresh_token: issued.refreshToken }),
      ...(await idTokenOf(issued.grant, nonce, originOf(request))),
      ...(body.client_info === '1' ? clientInfoOf(issued.grant) : {}),
    });
  });

  app.get<{ Params: { tenant: string } }>('/:tenant/v2.0/.well-known/openid-configuration', (request) => {
    const at = `${originOf(request)}/${request.params.tenant}`;
    return {
      issuer: `${originOf(request)}/${settings.tenantId}/v2.0`,
      authorization_endpoint: `${at}/oauth2/v2.0/authorize`,
      token_endpoint: `${at}/oauth2/v2.0/token`,
      jwks_uri: `${at}/discovery/v2.0/keys`,
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    };
  });
  app.get('/:tenant/discovery/v2.0/keys', () => idTokens.keys());

  app.get('/v1.0/me', { config: { operation: 'me' } }, (request) => {
    const grant = grants.findByAccessToken(parseBearerToken(request.headers.authorization));
    if (!grant) {
      throw new GraphError(
        401,
        'InvalidAuthenticationToken',
        'Access token has expired or is not yet valid.',
      );
    }
    if (!grant.scopes.includes('User.Read')) {
      throw new GraphError(
        403,
        'Authorization_RequestDenied',
        'Insufficient privileges to complete the operation.',
      );
    }
    return {
      id: objectIdOf(grant.account),
      displayName: displayNameOf(grant.account),
      mail: grant.account,
      userPrincipalName: grant.account,
    };
  });
};
