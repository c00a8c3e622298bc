/**
 * The ports through which an account is connected: OAuth 2.0 after RFC 9700, or an app-specific password. Each
 * provider's folder fills one in its `oauth.ts` (Apple in `account.ts`).
 */

import type { AccessToken, Grant } from '../../domain/connections/grant.ts';
import type { OAuthProvider, PasswordProvider } from '../../domain/providers/vendors.ts';
import type { CallContext } from '../ports.ts';

export interface AuthorizationRequest {
  readonly state: string;
  /** PKCE, S256 (RFC 7636). */
  readonly codeChallenge: string;
  /** Exactly as registered at the provider. */
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** The account that is connected again. */
  readonly loginHint?: string | undefined;
}

export interface OAuthAuthorizer {
  readonly provider: OAuthProvider;
  readonly scopes: {
    /** Without one of these the connection is of no use: a consent that leaves one out is refused. */
    readonly required: readonly string[];
    /** Asked for as well where a feature wants them (incremental consent). */
    readonly optional: readonly string[];
  };
  /** What it calls itself in the `iss` of its answers (RFC 9207), where it publishes that. */
  readonly issuers?: readonly string[] | undefined;
  /** The page on which the person consents. */
  authorizationUrl(request: AuthorizationRequest): Promise<string>;
  /** Exchanges the code. Throws `ProviderError`: `rejected_input` for a code that was used or is not ours. */
  redeem(
    consent: { readonly code: string; readonly codeVerifier: string; readonly redirectUri: string },
    call: CallContext,
  ): Promise<Grant>;
  /**
   * A new access token. `refreshToken` is there where the provider gave another one, which has to be stored before the
   * access token is used. Throws `ProviderError`: `reconnect` when the grant is gone, `misconfigured` when it is our own
   * client that is refused.
   */
  refresh(
    refreshToken: string,
    call: CallContext,
  ): Promise<{
    readonly accessToken: AccessToken;
    readonly refreshToken?: string | undefined;
    readonly scopes?: readonly string[] | undefined;
  }>;
  /** Takes the grant back at the provider. Idempotent; `unsupported` where the provider has no way to. */
  revoke(refreshToken: string, call: CallContext): Promise<'revoked' | 'unsupported'>;
}

export interface PasswordAuthorizer {
  readonly provider: PasswordProvider;
  /**
   * Discovers the account's server (RFC 6764) and proves that the password opens it. Throws `ProviderError`:
   * `reconnect` for a wrong password, `rejected_input` for an address that is no CalDAV server or may not be called.
   */
  connect(
    account: {
      readonly serverUrl?: string | undefined;
      readonly username: string;
      readonly password: string;
    },
    call: CallContext,
  ): Promise<Grant>;
}

export interface Authorizers {
  readonly oauth: Readonly<Record<OAuthProvider, OAuthAuthorizer | undefined>>;
  readonly apple: PasswordAuthorizer;
}
