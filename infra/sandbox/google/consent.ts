/** Configures Google's consent page: its scopes and the grants that result from them. */
import type { FastifyInstance } from 'fastify';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import { consentRoutes } from '../oauth/consent-routes.ts';
import type { GoogleSandboxSettings } from '../settings.ts';
import type { Calendars } from './calendars.ts';
import { googleScope } from './scopes.ts';

/** Google answers with the long names of these scopes. */
const longNames: Readonly<Record<string, string>> = {
  email: googleScope('userinfo.email'),
  profile: googleScope('userinfo.profile'),
};

const scopeDescriptions: Readonly<Record<string, string>> = {
  openid: 'Know who you are on Google',
  [googleScope('userinfo.email')]: 'See your email address',
  [googleScope('userinfo.profile')]: 'See your name and picture',
  [googleScope('calendar')]: 'See, edit, share and delete all calendars',
  [googleScope('calendar.events')]: 'See and edit events on all your calendars',
  [googleScope('calendar.freebusy')]: 'See when you are busy',
  [googleScope('calendar.calendarlist.readonly')]: 'See the list of your calendars',
  [googleScope('meetings.space.settings')]: 'Edit and see settings for all of your Google Meet calls',
  [googleScope('meetings.space.readonly')]: 'Read information about any of your Google Meet conferences',
};

/** The scopes for signing in cannot be deselected: https://developers.google.com/identity/protocols/oauth2/resources/granular-permissions */
const signIn = new Set(['openid', googleScope('userinfo.email'), googleScope('userinfo.profile')]);

export interface GoogleConsentParts {
  readonly settings: GoogleSandboxSettings;
  readonly server: AuthorizationServer;
  readonly calendars: Calendars;
  readonly changed: () => void;
}

/** Registers the consent page of Google. */
export const googleConsent = (app: FastifyInstance, parts: GoogleConsentParts) => {
  const { settings, server, calendars, changed } = parts;
  const { grants } = server;
  consentRoutes(app, {
    vendor: 'google',
    name: 'Google',
    path: '/o/oauth2/v2/auth',
    clientId: settings.clientId,
    server,
    changed,
    errors: {
      client: { status: 401, error: 'Error 401: invalid_client' },
      address: { status: 400, error: 'Error 400: redirect_uri_mismatch' },
    },
    scopesOf: ({ scope = '' }) => [
      ...new Set(
        scope
          .split(' ')
          .filter(Boolean)
          .map((name) => longNames[name] ?? name),
      ),
    ],
    about: (scope) => scopeDescriptions[scope] ?? 'A scope that this sandbox does not describe',
    isFixed: (scope) => signIn.has(scope),
    accounts: () => [...new Set(calendars.all().map(({ owner }) => owner))],
    granted: (account, ticked, query) =>
      query.include_granted_scopes === 'true'
        ? [...new Set([...ticked, ...grants.scopesOf(account)])]
        : ticked,
    // After a first consent, Google issues another refresh token only with prompt=consent.
    isOffline: (account, _granted, query) =>
      query.access_type === 'offline' &&
      (query.prompt?.split(' ').includes('consent') === true || grants.scopesOf(account).length === 0),
    withCode: (granted, origin) => ({ iss: origin, scope: granted.join(' ') }),
    denied: {},
  });
};
