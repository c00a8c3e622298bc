/** Google's token endpoint (RFC 6749 in Google's wording) and its revocation endpoint. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { basicCredentials } from '../authorization.ts';
import type { GoogleSettings } from '../settings.ts';
import type { Calendars } from './calendars.ts';
import { OAuthError } from './errors.ts';
import type { Tokens } from './tokens.ts';

const form = z.object({
  grant_type: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  refresh_token: z.string().optional(),
  code: z.string().optional(),
  redirect_uri: z.string().optional(),
  token: z.string().optional(),
});

const readForm = (value: unknown): z.infer<typeof form> => form.safeParse(value ?? {}).data ?? {};

const required = (value: string | undefined, name: string): string => {
  if (!value) throw new OAuthError(400, 'invalid_request', `Missing required parameter: ${name}`);
  return value;
};

/** client_secret_basic or client_secret_post. */
const checkClient = (request: FastifyRequest, settings: GoogleSettings) => {
  const body = readForm(request.body);
  const basic = basicCredentials(request.headers.authorization);
  const id = basic ? decodeURIComponent(basic.user) : body.client_id;
  const secret = basic ? decodeURIComponent(basic.password) : body.client_secret;
  if (id === undefined)
    throw new OAuthError(400, 'invalid_request', 'Could not determine client ID from request.');
  if (id !== settings.clientId)
    throw new OAuthError(401, 'invalid_client', 'The OAuth client was not found.');
  if (secret === undefined) throw new OAuthError(400, 'invalid_request', 'client_secret is missing.');
  if (secret !== settings.clientSecret) throw new OAuthError(401, 'invalid_client', 'Unauthorized');
};

export interface OAuthParts {
  readonly settings: GoogleSettings;
  readonly tokens: Tokens;
  readonly calendars: Calendars;
  readonly accountOf: (request: FastifyRequest) => string;
  readonly changed: () => void;
}

export const oauthRoutes = (app: FastifyInstance, { settings, tokens, calendars, changed }: OAuthParts) => {
  const grant = (body: z.infer<typeof form>) => {
    switch (body.grant_type) {
      case 'refresh_token':
        return tokens.refresh(required(body.refresh_token, 'refresh_token'));
      case 'authorization_code':
        required(body.redirect_uri, 'redirect_uri');
        return tokens.exchange(required(body.code, 'code'));
      case undefined:
        throw new OAuthError(400, 'invalid_request', 'Missing required parameter: grant_type');
      default:
        throw new OAuthError(400, 'unsupported_grant_type', `Invalid grant_type: ${body.grant_type}`);
    }
  };

  app.post('/token', { config: { operation: 'token' } }, async (request, reply) => {
    checkClient(request, settings);
    const token = grant(readForm(request.body));
    const account = tokens.accountOf(token.access_token);
    if (account !== undefined) calendars.open(account);
    changed();
    return reply.header('cache-control', 'no-cache, no-store, max-age=0, must-revalidate').send(token);
  });

  app.post('/revoke', { config: { operation: 'revoke' } }, (request) => {
    const token = readForm(request.query).token ?? readForm(request.body).token;
    if (!tokens.revoke(required(token, 'token'))) {
      throw new OAuthError(400, 'invalid_token', 'Token expired or revoked');
    }
    changed();
    return {};
  });
};
