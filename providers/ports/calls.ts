/** Ports: what every call to a provider gets. */
import type { AppPassword } from '../../domain/connections/grant.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';

/** The context of a call to a provider. */
export interface CallContext {
  /** Aborted when the activity is cancelled, its worker shuts down, or the call's deadline has passed. */
  readonly signal: AbortSignal;
  readonly correlationId: string;
  /** The organization that the call is made for. It decides the share in the quota of a shared account. */
  readonly organization?: OrganizationId | undefined;
}

/** A connected account, as a provider is called with it. */
export interface ConnectedAccount {
  readonly id: ConnectionId;
  readonly organization: OrganizationId;
  readonly account: string;
  /** Our reference of the account, equal in all connections to it: vendors count the requests of a user. Undefined: unknown. */
  readonly accountReference?: string | undefined;
  /** Whether the account belongs to a person and to no organization. Undefined: unknown. */
  readonly isPersonal?: boolean | undefined;
  /** The scopes of the consent. Undefined: unknown, or the account has no scopes. */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Returns a valid access token, refreshed first when it expires soon.
   *
   * @throws {ProviderError} `reconnect` when the owner must connect the account again.
   */
  accessToken(call: CallContext): Promise<string>;
  /** Reports that the provider rejected this token: the next `accessToken` returns another one. */
  reportRejectedToken(token: string): void;
  /** Reports that the consent behind this token does not cover the call: its owner is asked to consent again. */
  reportMissingScopes(token: string): Promise<void>;
  /**
   * Returns the server and the app-specific password of an account that was connected with one.
   *
   * @throws {ProviderError} `reconnect` when the owner must connect the account again.
   */
  appPassword(call: CallContext): Promise<AppPassword>;
  /** Reports that the server rejected the password: its owner is asked to connect again. */
  reportRejectedPassword(): Promise<void>;
  /**
   * Returns the secret address of a calendar feed. `version` distinguishes it from the addresses before it.
   *
   * @throws {ProviderError} `reconnect` when the owner must enter another address.
   */
  feedAddress(call: CallContext): Promise<{ readonly address: string; readonly version: number }>;
  /** Reports that there is no calendar at the address any more: its owner is asked for another one. */
  reportRejectedFeedAddress(): Promise<void>;
}
