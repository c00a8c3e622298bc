/**
 * Configures Microsoft's consent page. Microsoft's own page offers no choice of scopes. This one does, to
 * test partial grants.
 */
import type { FastifyInstance } from 'fastify';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import { consentRoutes } from '../oauth/consent-routes.ts';
import type { MicrosoftSandboxSettings } from '../settings.ts';

const scopeDescriptions: Readonly<Record<string, string>> = {
  openid: 'Sign you in',
  profile: 'View your basic profile',
  email: 'View your email address',
  offline_access: 'Maintain access to data you have given it access to',
  'User.Read': 'Read your profile',
  'Calendars.ReadWrite': 'Have full access to your calendars',
  'Calendars.Read.Shared': 'Read calendars that others share with you',
  'OnlineMeetings.ReadWrite': 'Read and create your online meetings',
  'OnlineMeetingArtifact.Read.All': 'Read the attendance reports of your online meetings',
  'Place.Read.All': 'Read the rooms of your organization',
};

const signIn = new Set(['openid', 'profile', 'email']);

export interface MicrosoftConsentParts {
  readonly settings: MicrosoftSandboxSettings;
  readonly server: AuthorizationServer;
  readonly changed: () => void;
}

/** Registers the consent page of Microsoft. */
export const microsoftConsent = (
  app: FastifyInstance,
  { settings, server, changed }: MicrosoftConsentParts,
) =>
  consentRoutes(app, {
    vendor: 'microsoft',
    name: 'Microsoft',
    path: '/:tenant/oauth2/v2.0/authorize',
    clientId: settings.clientId,
    server,
    changed,
    errors: {
      client: { status: 400, error: 'AADSTS700016: unauthorized_client' },
      address: { status: 400, error: 'AADSTS50011: invalid_request' },
    },
    scopesOf: ({ scope = '' }) => [...new Set(scope.split(' ').filter(Boolean))],
    about: (scope) =>
      scopeDescriptions[scope.replace('https://graph.microsoft.com/', '')] ??
      'A scope that this sandbox does not describe',
    isFixed: (scope) => signIn.has(scope),
    accounts: () => [...new Set(server.grants.all().map(({ account }) => account))],
    granted: (_account, ticked) => ticked,
    isOffline: (_account, granted) => granted.includes('offline_access'),
    withCode: () => ({}),
    denied: {
      error_description: 'AADSTS65004: User declined to consent to access the app.',
      error_subcode: 'cancel',
    },
  });
