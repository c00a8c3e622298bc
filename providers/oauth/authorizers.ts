/**
 * Defines the ports that connect an account: OAuth 2.0 (RFC 9700), an app-specific password, or the address of a calendar.
 * Each provider implements its port in `oauth.ts` (Apple and ICS feeds in `account.ts`).
 */

import type { AccessToken, Grant } from '../../domain/connections/grant.ts';
import type { AddressProvider, OAuthProvider, PasswordProvider } from '../../domain/providers/vendors.ts';
import type { CallContext } from '../ports.ts';

export interface AuthorizationRequest {
  readonly state: string;
  /** PKCE, S256 (RFC 7636). */
  readonly codeChallenge: string;
  /** Must be identical to the address registered at the provider. */
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** The name of the account that is connected again. */
  readonly loginHint?: string | undefined;
}

export interface OAuthAuthorizer {
  readonly provider: OAuthProvider;
  readonly scopes: {
    /** A consent without one of these scopes is rejected. */
    readonly required: readonly string[];
    /** Requested additionally when a feature needs them (incremental consent). */
    readonly optional: readonly string[];
  };
  /** The valid values of `iss` in its answers (RFC 9207), where it publishes them. */
  readonly issuers?: readonly string[] | undefined;
  /** Returns the URL of the provider's consent page. */
  authorizationUrl(request: AuthorizationRequest): Promise<string>;
  /**
   * Exchanges the authorization code for a grant.
   *
   * @throws {ProviderError} `rejected_input` for a code that was used before or does not belong to our client.
   */
  redeem(
    consent: { readonly code: string; readonly codeVerifier: string; readonly redirectUri: string },
    call: CallContext,
  ): Promise<Grant>;
  /**
   * Returns a new access token. `refreshToken` is set when the provider issued another one: store it before the access
   * token is used.
   *
   * @throws {ProviderError} `reconnect` when the grant was withdrawn, `misconfigured` when our client is rejected.
   */
  refresh(
    refreshToken: string,
    call: CallContext,
  ): Promise<{
    readonly accessToken: AccessToken;
    readonly refreshToken?: string | undefined;
    readonly scopes?: readonly string[] | undefined;
  }>;
  /** Revokes the grant at the provider. Idempotent. Returns `unsupported` when the provider has no revocation. */
  revoke(refreshToken: string, call: CallContext): Promise<'revoked' | 'unsupported'>;
}

export interface PasswordAuthorizer {
  readonly provider: PasswordProvider;
  /**
   * Returns whose server gets the password: the registrable domain, or the IP address, of the address that `connect` calls. The text
   * itself, when it is no address: `connect` refuses it.
   */
  serverOwner(serverUrl: string | undefined): string;
  /**
   * Discovers the account's server (RFC 6764) and checks the password there.
   *
   * @throws {ProviderError} `reconnect` for a wrong password, `rejected_input` for an address that is not a CalDAV server
   *   or not allowed.
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

export interface AddressAuthorizer {
  readonly provider: AddressProvider;
  /**
   * Reads the calendar at the address that a person has pasted.
   *
   * @throws {ProviderError} `reconnect` when the address serves no calendar to us, `rejected_input` for an address that is
   *   not allowed. The code tells why (`providers/ics/errors.ts`).
   */
  connect(address: string, call: CallContext): Promise<Grant>;
}

export interface Authorizers {
  readonly oauth: Readonly<Record<OAuthProvider, OAuthAuthorizer | undefined>>;
  readonly apple: PasswordAuthorizer;
  readonly ics: AddressAuthorizer;
}
