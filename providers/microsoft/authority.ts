/**
 * Where Microsoft's endpoints are, as the library wants to be told:
 * https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
 */
import { createDiscovery } from '../oauth/openid-discovery.ts';
import type { CallContext } from '../ports.ts';
import type { MicrosoftSettings } from './settings.ts';

/** The library takes no authority over http, and knows this one without asking. Where it calls stands in the metadata. */
export const libraryAuthority = 'https://login.microsoftonline.com';

/** Of any other server than Microsoft's own, what it says of itself goes before where Microsoft has its endpoints. */
export const createAuthorityMetadata = ({
  loginUrl,
  tenantId,
}: Pick<MicrosoftSettings, 'loginUrl' | 'tenantId'>): ((
  call: Pick<CallContext, 'signal'>,
) => Promise<string>) => {
  const address = (path: string): string => `${loginUrl}/${tenantId}${path}`;
  const usual = {
    authorization_endpoint: address('/oauth2/v2.0/authorize'),
    token_endpoint: address('/oauth2/v2.0/token'),
    jwks_uri: address('/discovery/v2.0/keys'),
    end_session_endpoint: address('/oauth2/v2.0/logout'),
    issuer: `${libraryAuthority}/${tenantId}/v2.0`,
  };
  if (loginUrl === libraryAuthority) return async () => JSON.stringify(usual);
  const discover = createDiscovery(address('/v2.0'));
  return async (call) => {
    const found = await discover(call);
    if (!found) return JSON.stringify(usual);
    const { authorization_endpoint, token_endpoint, jwks_uri = usual.jwks_uri } = found;
    return JSON.stringify({ ...usual, authorization_endpoint, token_endpoint, jwks_uri });
  };
};
