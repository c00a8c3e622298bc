/** What a person grants us at a provider: `providers/` gets it, `db/` keeps it, and they do not know each other. */
import type { Instant } from '../time/instant.ts';

export type Credential =
  | { readonly kind: 'oauth'; readonly refreshToken: string }
  | {
      readonly kind: 'app_password';
      /** The CalDAV server that discovery starts from. */
      readonly serverUrl: string;
      readonly username: string;
      readonly password: string;
    };

export interface AccessToken {
  readonly value: string;
  readonly expiresAt: Instant;
}

export interface Grant {
  /** The provider's own id of the account, which stays when its address changes, and the name a person knows it by. */
  readonly account: { readonly id: string; readonly name: string };
  readonly scopes: readonly string[];
  readonly credential: Credential;
  readonly accessToken?: AccessToken | undefined;
}
