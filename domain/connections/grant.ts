/**
 * What an account's owner grants us at a provider. `providers/` obtains it, `db/` stores it. The type is here because
 * neither imports the other.
 */
import type { Instant } from '../time/instant.ts';

export type Credential =
  | { readonly kind: 'oauth'; readonly refreshToken: string }
  | {
      readonly kind: 'app_password';
      /** The CalDAV server that discovery starts from. */
      readonly serverUrl: string;
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly kind: 'feed_address';
      /** The secret address (https) at which a calendar is published. Its holder can read the calendar. */
      readonly address: string;
    };

export type FeedAddress = Extract<Credential, { readonly kind: 'feed_address' }>;
export type AppPassword = Extract<Credential, { readonly kind: 'app_password' }>;

export interface AccessToken {
  readonly value: string;
  readonly expiresAt: Instant;
}

export interface Grant {
  /**
   * `id` is the provider's id of the account and never changes, except that of a feed: a hash of its address. `name` is
   * what the owner knows it by. `isPersonal`: whether it belongs to a person and to no organization; undefined when the
   * provider does not tell.
   */
  readonly account: {
    readonly id: string;
    readonly name: string;
    readonly isPersonal?: boolean | undefined;
  };
  readonly scopes: readonly string[];
  readonly credential: Credential;
  readonly accessToken?: AccessToken | undefined;
}
