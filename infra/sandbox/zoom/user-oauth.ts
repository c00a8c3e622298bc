/**
 * Simulates the OAuth of a user-managed Zoom app, with which people connect their own accounts. Each refresh
 * issues another refresh token and invalidates the previous one:
 * https://developers.zoom.us/docs/integrations/oauth/.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parseBasicCredentials } from '../authorization.ts';
import type { CodeError } from '../oauth/authorization-codes.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import { consentRoutes } from '../oauth/consent-routes.ts';
import type { IssuedTokens } from '../oauth/grants.ts';
import type { ZoomSandboxSettings } from '../settings.ts';
import { ZoomOAuthError } from './errors.ts';

/** The app's scopes in the Marketplace. An authorization request cannot name scopes. */
const scopeDescriptions: Readonly<Record<string, string>> = {
  'user:read:user': 'View your user information',
  'meeting:write:meeting': 'Create a meeting for you',
  'meeting:read:meeting': 'View your meetings',
  'meeting:read:list_meetings': 'View the list of your meetings',
  'meeting:update:meeting': 'Update your meetings',
  'meeting:delete:meeting': 'Delete your meetings',
  'meeting:write:registrant': 'Add a registrant to your meeting',
  'meeting:read:list_registrants': 'View the registrants of your meeting',
  'meeting:update:registrant_status': "Update a registrant's status for your meeting",
  'meeting:read:list_past_instances': 'View the past instances of your meetings',
  'cloud_recording:read:list_recording_files': 'View the files of your cloud recordings',
  'cloud_recording:read:list_user_recordings': 'View the list of your cloud recordings',
  'cloud_recording:delete:meeting_recording': 'Delete your cloud recordings',
  'cloud_recording:delete:recording_file': 'Delete a file of your cloud recordings',
  'meeting:update:status': 'End your meetings',
  'meeting:update:in_meeting_controls': 'Use the controls of your meetings while they are open',
};
export const userAppScopes: readonly string[] = Object.keys(scopeDescriptions);

export const userFieldsSchema = z.object({
  grant_type: z.string().optional(),
  code: z.string().optional(),
  code_verifier: z.string().optional(),
  redirect_uri: z.string().optional(),
  refresh_token: z.string().optional(),
  token: z.string().optional(),
});
export type UserFields = z.infer<typeof userFieldsSchema>;

const codeErrors: Readonly<Record<CodeError, readonly [error: string, reason: string]>> = {
  unknown: ['invalid_request', 'Invalid authorization code'],
  expired: ['invalid_request', 'Invalid authorization code'],
  client: ['invalid_request', 'Invalid authorization code'],
  redirect_uri: ['invalid_request', 'Redirect URI mismatch.'],
  verifier: ['invalid_grant', 'Invalid code verifier'],
};

/** Returns the user id of an account. The case of an email address does not matter. */
export const userIdOf = (account: string): string =>
  createHash('sha256').update(`zoom ${account.toLowerCase()}`).digest('base64url').slice(0, 22);

export interface UserOAuthParts {
  readonly settings: ZoomSandboxSettings;
  readonly server: AuthorizationServer;
  readonly changed: () => void;
}

const answerOf = ({ grant, accessToken, expiresIn, refreshToken }: IssuedTokens) => ({
  access_token: accessToken,
  token_type: 'bearer',
  refresh_token: refreshToken,
  expires_in: expiresIn,
  scope: grant.scopes.join(' '),
  api_url: 'https://api.zoom.us',
});

/** Returns the token endpoint of a user-managed app: exchanges codes and refreshes tokens. */
export const createUserGrants = ({ settings, server, changed }: UserOAuthParts) => {
  const { codes, grants } = server;

  const exchange = ({ code = '', redirect_uri: redirectUri, code_verifier: codeVerifier }: UserFields) => {
    const clientId = settings.userClientId;
    const redemption = codes.redeem({ code, clientId, redirectUri, codeVerifier });
    if (redemption.kind === 'good') {
      const { account, scopes } = redemption.consented;
      const issued = grants.begin(account, scopes, true);
      codes.linkGrant(code, issued.grant.id);
      return answerOf(issued);
    }
    if (redemption.kind === 'used' && redemption.grant !== undefined) {
      grants.revokeGrant(redemption.grant);
      changed();
    }
    const [error, reason] = codeErrors[redemption.kind === 'used' ? 'unknown' : redemption.why];
    throw new ZoomOAuthError(error, reason);
  };

  const refresh = ({ refresh_token: token = '' }: UserFields) => {
    const issued = grants.refresh(token);
    if (issued === 'unknown' || issued === 'revoked') {
      throw new ZoomOAuthError('invalid_grant', 'Invalid Token!');
    }
    return answerOf(issued);
  };

  return (fields: UserFields) => {
    if (fields.grant_type === 'authorization_code') return exchange(fields);
    if (fields.grant_type === 'refresh_token') return refresh(fields);
    throw new ZoomOAuthError('unsupported_grant_type', 'unsupported grant type');
  };
};

/** Registers the consent page and the revocation endpoint. */
export const userOAuthRoutes = (app: FastifyInstance, { settings, server, changed }: UserOAuthParts) => {
  consentRoutes(app, {
    vendor: 'zoom',
    name: 'Zoom',
    path: '/oauth/authorize',
    clientId: settings.userClientId,
    server,
    changed,
    errors: {
      client: { status: 400, error: 'Invalid client_id: (4700)' },
      address: { status: 400, error: 'Invalid redirect: (4700)' },
    },
    scopesOf: () => userAppScopes,
    about: (scope) => scopeDescriptions[scope] ?? scope,
    isFixed: () => false,
    accounts: () => [...new Set(server.grants.all().map(({ account }) => account))],
    granted: (_account, ticked) => ticked,
    isOffline: () => true,
    withCode: () => ({}),
    denied: {},
  });

  app.post('/oauth/revoke', { config: { operation: 'revoke' } }, (request) => {
    const client = parseBasicCredentials(request.headers.authorization);
    if (client?.user !== settings.userClientId || client.password !== settings.userClientSecret) {
      throw new ZoomOAuthError('invalid_client', 'Invalid client_id or client_secret');
    }
    const fields = {
      ...userFieldsSchema.safeParse(request.query).data,
      ...userFieldsSchema.safeParse(request.body ?? {}).data,
    };
    // The documentation mentions only access tokens.
    const grant = server.grants.findByAccessToken(fields.token);
    if (!grant) throw new ZoomOAuthError('invalid_request', 'Invalid Token!');
    server.grants.revokeGrant(grant.id);
    changed();
    return { status: 'success' };
  });
};
