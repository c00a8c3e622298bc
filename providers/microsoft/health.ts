/** Checks that Microsoft answers and accepts our OAuth client. */
import { ProviderError } from '../../domain/errors.ts';
import { operationOf } from '../operations.ts';
import { createMicrosoftClient } from './client.ts';
import { graphScopes, type MicrosoftSettings } from './settings.ts';

/**
 * Returns the health check. It sends an invalid refresh token to the token endpoint: a rejected token is the healthy
 * answer, a rejected client is not.
 *
 * @throws {ProviderError}
 */
export const createMicrosoftCheck = (settings: MicrosoftSettings) => {
  const client = createMicrosoftClient(settings);
  return async (): Promise<void> => {
    const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
    const request = { refreshToken: 'health-check', scopes: [...graphScopes] };
    try {
      await client.exchange(operationOf('microsoft', 'health'), call, (application) =>
        application.acquireTokenByRefreshToken(request),
      );
    } catch (error) {
      const fault = error instanceof ProviderError ? error.fault.kind : undefined;
      if (fault !== 'reconnect' && fault !== 'rejected_input') throw error;
    }
  };
};
