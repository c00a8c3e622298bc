/** Provides in-memory authorizers that validate requests as a provider does, and record them. */
import { createHash, randomUUID } from 'node:crypto';
import type { Grant } from '../../domain/connections/grant.ts';
import { ProviderError, type ProviderFault } from '../../domain/errors.ts';
import type { OAuthProvider } from '../../domain/providers/vendors.ts';
import { createAppleAuthorizer } from '../../providers/apple/account.ts';
import type {
  AuthorizationRequest,
  Authorizers,
  OAuthAuthorizer,
} from '../../providers/oauth/authorizers.ts';

interface Consent {
  readonly account: string;
  readonly scopes?: readonly string[];
}

export interface FakeAuthorizers extends Authorizers {
  /** Returns the request of the last redirect to a provider. */
  lastAuthorizationRequest(): AuthorizationRequest;
  /** Grants the last request, and returns the authorization code that the browser receives. */
  consent(consent: Consent): string;
  /** Makes the next call fail with this fault, and with this code of the vendor. */
  failNextCall(fault: ProviderFault, code?: string): void;
  /** Sets a function that is awaited before each revocation takes effect. */
  onRevoke(listener: () => Promise<void>): void;
  readonly revoked: readonly string[];
  readonly passwords: Map<string, string>;
}

const required = ['openid', 'calendar.events'];

const refuse = (operation: string): never => {
  throw new ProviderError('google', operation, { kind: 'rejected_input' }, { message: 'invalid_grant' });
};

const ignoreRevocation = async (): Promise<void> => {};

/**
 * Creates authorizers for Google, Microsoft and Apple.
 * @param accounts names the provider's set of accounts. Tests that share a database share no accounts by default.
 */
export const createFakeAuthorizers = (accounts: string = randomUUID()): FakeAuthorizers => {
  const requests: AuthorizationRequest[] = [];
  const codes = new Map<string, Required<Consent> & AuthorizationRequest>();
  const revoked: string[] = [];
  let revokeListener = ignoreRevocation;
  const faults: { readonly fault: ProviderFault; readonly code: string | undefined }[] = [];
  const passwords = new Map<string, string>();

  const failIfFaulty = (operation: string): void => {
    const next = faults.shift();
    if (!next) return;
    const { fault, code } = next;
    throw new ProviderError('google', operation, fault, { code, message: 'simulated fault' });
  };

  const authorizer = (provider: OAuthProvider): OAuthAuthorizer => ({
    provider,
    scopes: { required, optional: ['calendar.names'] },
    ...(provider === 'google' && { issuers: ['https://google.example'] }),
    authorizationUrl: async (request) => {
      requests.push(request);
      return `https://${provider}.example/consent?state=${request.state}`;
    },
    redeem: async ({ code, codeVerifier, redirectUri }) => {
      failIfFaulty('oauth.redeem');
      const consent = codes.get(code);
      codes.delete(code);
      const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
      if (!consent || consent.codeChallenge !== challenge || consent.redirectUri !== redirectUri) {
        return refuse('oauth.redeem');
      }
      const { account, scopes } = consent;
      return {
        account: { id: `id-of-${account}-at-${accounts}`, name: account },
        scopes,
        credential: { kind: 'oauth', refreshToken: `refresh-${account}-${randomUUID()}` },
        accessToken: { value: `access-${randomUUID()}`, expiresAt: '2099-01-01T00:00:00.000Z' },
      };
    },
    refresh: async () => refuse('oauth.refresh'),
    revoke: async (refreshToken) => {
      await revokeListener();
      failIfFaulty('oauth.revoke');
      revoked.push(refreshToken);
      return 'revoked';
    },
  });

  const connectApple: Authorizers['apple']['connect'] = async ({ serverUrl, username, password }) => {
    failIfFaulty('calendars.discover');
    if (serverUrl?.includes('10.0.0.1')) refuse('calendars.discover');
    if (passwords.get(username) !== password) {
      throw new ProviderError('google', 'calendars.discover', { kind: 'reconnect' }, { message: '401' });
    }
    const grant: Grant = {
      account: { id: username, name: username },
      scopes: [],
      credential: {
        kind: 'app_password',
        serverUrl: serverUrl ?? 'https://caldav.icloud.com',
        username,
        password,
      },
    };
    return grant;
  };

  const connectFeed: Authorizers['ics']['connect'] = async (address) => {
    failIfFaulty('account.connect');
    const { host } = new URL(address);
    return {
      account: { id: `id-of-${address}`, name: host },
      scopes: [],
      credential: { kind: 'feed_address', address },
    };
  };

  return {
    oauth: { google: authorizer('google'), microsoft: authorizer('microsoft'), zoom: undefined },
    apple: {
      ...createAppleAuthorizer({ caldavUrl: 'https://caldav.icloud.com' }, () => fetch),
      connect: connectApple,
    },
    ics: { provider: 'ics', connect: connectFeed },
    lastAuthorizationRequest: () => {
      const last = requests.at(-1);
      if (!last) throw new Error('no browser was redirected to a provider');
      return last;
    },
    consent: (consent) => {
      const code = `code-${randomUUID()}`;
      const request = requests.at(-1);
      if (!request) throw new Error('no browser was redirected to a provider');
      const { scopes = request.scopes } = consent;
      codes.set(code, { ...request, ...consent, scopes });
      return code;
    },
    failNextCall: (fault, code) => {
      faults.push({ fault, code });
    },
    onRevoke: (listener) => {
      revokeListener = listener;
    },
    revoked,
    passwords,
  };
};
