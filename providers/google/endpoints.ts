/** Where Google's OAuth endpoints are: https://developers.google.com/identity/protocols/oauth2/web-server */
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

/** Of any other server than Google's own, what it says of itself goes before where Google has its endpoints. */
export const createGoogleEndpoints = ({
  oauthUrl,
  authUrl,
}: Pick<GoogleSettings, 'oauthUrl' | 'authUrl'>): GoogleEndpointsResolver => {
  const usual: GoogleEndpoints = {
    authorize: `${authUrl}/o/oauth2/v2/auth`,
    token: `${oauthUrl}/token`,
    revoke: `${oauthUrl}/revoke`,
  };
  if (oauthUrl === googleOrigin) return async () => usual;
  const discover = createDiscovery(oauthUrl);
  return async (call) => {
    const found = await discover(call);
    if (!found) return usual;
    return {
      authorize: found.authorization_endpoint,
      token: found.token_endpoint,
      revoke: found.revocation_endpoint ?? usual.revoke,
    };
  };
};
