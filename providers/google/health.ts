/** Checks that Google answers and accepts our OAuth client. */

import { operationOf } from '../operations.ts';
import { createGoogleEndpoints } from './endpoints.ts';
import { fromGoogle, googleTokenErrors } from './errors.ts';
import { createOAuthClient } from './oauth-client.ts';
import type { GoogleSettings } from './settings.ts';

/**
 * Returns the health check. It sends an invalid refresh token to the token endpoint: `invalid_grant` is the healthy
 * answer, because a rejected client gets `invalid_client`.
 *
 * @throws {ProviderError}
 */
export const createGoogleCheck = (settings: GoogleSettings) => {
  const endpointsFor = createGoogleEndpoints(settings);
  return async (): Promise<void> => {
    const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
    try {
      const oauth = createOAuthClient(settings, await endpointsFor(call), call.signal);
      oauth.setCredentials({ refresh_token: 'health-check' });
      await oauth.getAccessToken();
    } catch (error) {
      const fault = fromGoogle(operationOf('google', 'health'), error, call, googleTokenErrors);
      if (fault.fault.kind !== 'reconnect') throw fault;
    }
  };
};
