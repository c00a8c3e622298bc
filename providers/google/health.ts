/** Whether Google answers, and knows us. */

import { fromGoogle } from './errors.ts';
import { createOAuthClient } from './oauth-client.ts';
import type { GoogleSettings } from './settings.ts';

/**
 * Asks the token endpoint with a refresh token nobody has. `invalid_grant` is the good answer: Google is there and
 * accepts our client (`invalid_client` otherwise). Throws `ProviderError`.
 */
export const createGoogleCheck = (settings: GoogleSettings) => async (): Promise<void> => {
  const oauth = createOAuthClient(settings);
  oauth.setCredentials({ refresh_token: 'health-check' });
  const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
  try {
    await oauth.getAccessToken();
  } catch (error) {
    const fault = fromGoogle({ name: 'health', writes: false }, error, call);
    if (fault.fault.kind !== 'reconnect') throw fault;
  }
};
