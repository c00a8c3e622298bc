/** Stores the redirect addresses, codes and grants of a vendor with a consent page. */
import { z } from 'zod';
import type { SnapshotPart } from '../store/snapshot.ts';
import type { Clock } from '../time.ts';
import { createAuthorizationCodes } from './authorization-codes.ts';
import { createGrants, type GrantOptions, type OAuthGrant } from './grants.ts';
import { createRedirectAddresses } from './redirect-addresses.ts';

/**
 * The form that every vendor's token endpoint accepts (RFC 6749, sections 4.1.3 and 6; RFC 7636, section
 * 4.5).
 */
export const tokenForm = z.object({
  grant_type: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  refresh_token: z.string().optional(),
  code: z.string().optional(),
  code_verifier: z.string().optional(),
  redirect_uri: z.string().optional(),
});

export interface AuthorizationServerOptions extends Omit<GrantOptions, 'known'> {
  readonly vendor: string;
  readonly codePrefix: string;
  /** A refresh token of this prefix and an account name is valid without a consent. */
  readonly preauthorizedPrefix: string;
  readonly preauthorizedScopes: readonly string[];
}

/** Creates an authorization server without grants. */
export const createAuthorizationServer = (options: AuthorizationServerOptions, clock: Clock) => {
  const { vendor, codePrefix, preauthorizedPrefix, preauthorizedScopes } = options;
  const findPreauthorized = (refreshToken: string): Pick<OAuthGrant, 'account' | 'scopes'> | undefined => {
    const account = refreshToken.slice(preauthorizedPrefix.length);
    return refreshToken.startsWith(preauthorizedPrefix) && account !== ''
      ? { account, scopes: [...preauthorizedScopes] }
      : undefined;
  };
  const grants = createGrants({ ...options, findPreauthorized }, clock);
  const codes = createAuthorizationCodes(codePrefix, clock);
  const redirects = createRedirectAddresses(`/v1/connections/${vendor}/callback`);
  const snapshotParts: readonly SnapshotPart[] = [
    { name: `${vendor}.grants`, save: grants.save, load: grants.load },
    { name: `${vendor}.codes`, save: codes.save, load: codes.load },
    { name: `${vendor}.redirects`, save: redirects.save, load: redirects.load },
  ];
  return {
    grants,
    codes,
    redirects,
    kept: snapshotParts,
    reset() {
      grants.reset();
      codes.reset();
      redirects.reset();
    },
  };
};
export type AuthorizationServer = ReturnType<typeof createAuthorizationServer>;
