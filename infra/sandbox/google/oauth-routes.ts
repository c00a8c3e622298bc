/** Serves Google's token endpoint (RFC 6749 with Google's error texts), revocation endpoint and userinfo. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseBasicCredentials, parseBearerToken } from '../authorization.ts';
import type { CodeError } from '../oauth/authorization-codes.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import { tokenForm } from '../oauth/authorization-server.ts';
import type { IssuedTokens, OAuthGrant } from '../oauth/grants.ts';
import { type IdTokens, originOf } from '../oauth/id-token.ts';
import type { GoogleSandboxSettings } from '../settings.ts';
import type { Clock } from '../time.ts';
import type { Calendars } from './calendars.ts';
import { GoogleOAuthError } from './errors.ts';
import { isMember } from './person.ts';

const form = tokenForm.extend({ token: z.string().optional() });
type Form = z.infer<typeof form>;

const readForm = (value: unknown): Form => form.safeParse(value ?? {}).data ?? {};

const required = (value: string | undefined, name: string): string => {
  if (!value) throw new GoogleOAuthError(400, 'invalid_request', `Missing required parameter: ${name}`);
  return value;
};

/** Checks the client credentials: client_secret_basic or client_secret_post. */
const checkClient = (request: FastifyRequest, settings: GoogleSandboxSettings) => {
  const body = readForm(request.body);
  const basic = parseBasicCredentials(request.headers.authorization);
  const id = basic ? decodeURIComponent(basic.user) : body.client_id;
  const secret = basic ? decodeURIComponent(basic.password) : body.client_secret;
  if (id === undefined)
    throw new GoogleOAuthError(400, 'invalid_request', 'Could not determine client ID from request.');
  if (id !== settings.clientId)
    throw new GoogleOAuthError(401, 'invalid_client', 'The OAuth client was not found.');
  if (secret === undefined) throw new GoogleOAuthError(400, 'invalid_request', 'client_secret is missing.');
  if (secret !== settings.clientSecret) throw new GoogleOAuthError(401, 'invalid_client', 'Unauthorized');
};

const codeErrors: Readonly<Record<CodeError, readonly [error: string, description: string]>> = {
  unknown: ['invalid_grant', 'Malformed auth code.'],
  expired: ['invalid_grant', 'Bad Request'],
  client: ['invalid_grant', 'Bad Request'],
  redirect_uri: ['redirect_uri_mismatch', 'Bad Request'],
  verifier: ['invalid_grant', 'Invalid code verifier.'],
};

const codeErrorOf = ([error, description]: readonly [string, string]) =>
  new GoogleOAuthError(400, error, description);

/** Google's account ids are long numbers. This one is always the same for the same account. */
const subjectOf = (account: string): string =>
  `1${BigInt(`0x${createHash('sha256').update(account).digest('hex').slice(0, 16)}`)}`.slice(0, 21);

/** https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload */
const person = ({ account, scopes }: OAuthGrant, { personalAccounts }: GoogleSandboxSettings) => ({
  sub: subjectOf(account),
  ...(isMember(account) && !personalAccounts.includes(account) ? { hd: domainOf(account) } : {}),
  ...(scopes.some((scope) => scope.endsWith('userinfo.email'))
    ? { email: account, email_verified: true }
    : {}),
});

const domainOf = (account: string): string => account.split('@').at(-1) ?? account;

export interface OAuthParts {
  readonly settings: GoogleSandboxSettings;
  readonly server: AuthorizationServer;
  readonly idTokens: IdTokens;
  readonly calendars: Calendars;
  readonly clock: Clock;
  readonly changed: () => void;
}

/** Registers Google's OAuth routes. */
export const googleOAuthRoutes = (app: FastifyInstance, parts: OAuthParts) => {
  const { settings, server, idTokens, calendars, clock, changed } = parts;
  const { codes, grants } = server;

  const idTokenOf = async (grant: OAuthGrant, nonce: string | undefined, origin: string) => {
    if (!grant.scopes.includes('openid')) return {};
    const now = Math.floor(clock() / 1000);
    const claims = { iss: origin, azp: settings.clientId, aud: settings.clientId };
    return {
      id_token: await idTokens.sign({
        ...claims,
        ...person(grant, settings),
        ...(nonce === undefined ? {} : { nonce }),
        iat: now,
        exp: now + 3600,
      }),
    };
  };

  const refresh = async (body: Form) => {
    const issued = grants.refresh(required(body.refresh_token, 'refresh_token'));
    if (issued === 'unknown') throw new GoogleOAuthError(400, 'invalid_grant', 'Bad Request');
    if (issued === 'revoked') {
      throw new GoogleOAuthError(400, 'invalid_grant', 'Token has been expired or revoked.');
    }
    return { issued, extraFields: {} };
  };

  const exchange = async (body: Form, origin: string) => {
    const code = required(body.code, 'code');
    const redemption = codes.redeem({
      code,
      clientId: settings.clientId,
      redirectUri: required(body.redirect_uri, 'redirect_uri'),
      codeVerifier: body.code_verifier,
    });
    if (redemption.kind === 'used') {
      if (redemption.grant !== undefined) grants.revokeGrant(redemption.grant);
      changed();
      throw codeErrorOf(codeErrors.unknown);
    }
    if (redemption.kind === 'refused') throw codeErrorOf(codeErrors[redemption.why]);
    const { account, scopes, offline, nonce } = redemption.consented;
    const issued = grants.begin(account, scopes, offline);
    codes.linkGrant(code, issued.grant.id);
    return { issued, extraFields: await idTokenOf(issued.grant, nonce, origin) };
  };

  const grant = (body: Form, origin: string): Promise<{ issued: IssuedTokens; extraFields: object }> => {
    switch (body.grant_type) {
      case 'refresh_token':
        return refresh(body);
      case 'authorization_code':
        return exchange(body, origin);
      case undefined:
        throw new GoogleOAuthError(400, 'invalid_request', 'Missing required parameter: grant_type');
      default:
        throw new GoogleOAuthError(400, 'unsupported_grant_type', `Invalid grant_type: ${body.grant_type}`);
    }
  };

  app.post('/token', { config: { operation: 'token' } }, async (request, reply) => {
    checkClient(request, settings);
    const { issued, extraFields } = await grant(readForm(request.body), originOf(request));
    calendars.open(issued.grant.account);
    changed();
    return reply.header('cache-control', 'no-cache, no-store, max-age=0, must-revalidate').send({
      access_token: issued.accessToken,
      expires_in: issued.expiresIn,
      scope: issued.grant.scopes.join(' '),
      token_type: 'Bearer',
      ...(issued.refreshToken === undefined ? {} : { refresh_token: issued.refreshToken }),
      ...extraFields,
    });
  });

  app.post('/revoke', { config: { operation: 'revoke' } }, (request) => {
    const token = readForm(request.query).token ?? readForm(request.body).token;
    if (!grants.revoke(required(token, 'token'))) {
      throw new GoogleOAuthError(400, 'invalid_token', 'Token expired or revoked');
    }
    changed();
    return {};
  });

  app.get('/oauth2/v3/userinfo', { config: { operation: 'userinfo' } }, (request) => {
    const held = grants.findByAccessToken(parseBearerToken(request.headers.authorization));
    if (!held) throw new GoogleOAuthError(401, 'invalid_request', 'Invalid Credentials');
    return person(held, settings);
  });
  app.get('/oauth2/v3/certs', () => idTokens.keys());
};
