/** Finds Google's OAuth endpoints: https://developers.google.com/identity/protocols/oauth2/web-server */
import { createDiscovery } from '../oauth/openid-discovery.ts';
import type { CallContext } from '../ports.ts';
import type { GoogleSettings } from './settings.ts';

export interface GoogleEndpoints {
  readonly authorize: string;
  readonly token: string;
  readonly revoke: string;
}

export type GoogleEndpointsResolver = (call: Pick<CallContext, 'signal'>) => Promise<GoogleEndpoints>;

const googleOrigin = 'https://oauth2.googleapis.com';

/**
 * Returns a function that yields the endpoints. A server other than Google's is asked for its OpenID configuration first;
 * without one, Google's paths are used.
 */
export const createGoogleEndpoints = ({
  oauthUrl,
  authUrl,
}: Pick<GoogleSettings, 'oauthUrl' | 'authUrl'>): GoogleEndpointsResolver => {
  const defaults: GoogleEndpoints = {
    authorize: `${authUrl}/o/oauth2/v2/auth`,
    token: `${oauthUrl}/token`,
    revoke: `${oauthUrl}/revoke`,
  };
  if (oauthUrl === googleOrigin) return async () => defaults;
  const discover = createDiscovery(oauthUrl);
  return async (call) => {
    const found = await discover(call);
    if (!found) return defaults;
    return {
      authorize: found.authorization_endpoint,
      token: found.token_endpoint,
      revoke: found.revocation_endpoint ?? defaults.revoke,
    };
  };
};
