/**
 * Finds Microsoft's OAuth endpoints, as authority metadata for the library `@azure/msal-node`:
 * https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
 */
import { createDiscovery } from '../oauth/openid-discovery.ts';
import type { CallContext } from '../ports.ts';
import type { MicrosoftSettings } from './settings.ts';

/** The library rejects an authority over http and knows this one without discovery. It calls the endpoints of the metadata. */
export const libraryAuthority = 'https://login.microsoftonline.com';

/**
 * Returns a function that yields the metadata as JSON. A server other than Microsoft's is asked for its OpenID
 * configuration first; without one, Microsoft's paths are used.
 */
export const createAuthorityMetadata = ({
  loginUrl,
  tenantId,
}: Pick<MicrosoftSettings, 'loginUrl' | 'tenantId'>): ((
  call: Pick<CallContext, 'signal'>,
) => Promise<string>) => {
  const address = (path: string): string => `${loginUrl}/${tenantId}${path}`;
  const defaults = {
    authorization_endpoint: address('/oauth2/v2.0/authorize'),
    token_endpoint: address('/oauth2/v2.0/token'),
    jwks_uri: address('/discovery/v2.0/keys'),
    end_session_endpoint: address('/oauth2/v2.0/logout'),
    issuer: `${libraryAuthority}/${tenantId}/v2.0`,
  };
  if (loginUrl === libraryAuthority) return async () => JSON.stringify(defaults);
  const discover = createDiscovery(address('/v2.0'));
  return async (call) => {
    const found = await discover(call);
    if (!found) return JSON.stringify(defaults);
    const { authorization_endpoint, token_endpoint, jwks_uri = defaults.jwks_uri } = found;
    return JSON.stringify({ ...defaults, authorization_endpoint, token_endpoint, jwks_uri });
  };
};
