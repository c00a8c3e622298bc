/** Whether Microsoft answers, and knows us. */
import { ProviderError } from '../../domain/errors.ts';
import { operationOf } from '../operations.ts';
import { createMicrosoftClient } from './client.ts';
import { graphScopes, type MicrosoftSettings } from './settings.ts';

/**
 * Asks the token endpoint with a refresh token nobody has, as for Google: that it is refused is the good answer, as long
 * as it is not our client that is. Throws `ProviderError`.
 */
export const createMicrosoftCheck = (settings: MicrosoftSettings) => {
  const client = createMicrosoftClient(settings);
  return async (): Promise<void> => {
    const call = { signal: AbortSignal.timeout(10_000), correlationId: 'health-check' };
    const asked = { refreshToken: 'health-check', scopes: [...graphScopes] };
    try {
      await client.exchange(operationOf('microsoft', 'health'), call, (application) =>
        application.acquireTokenByRefreshToken(asked),
      );
    } catch (error) {
      const fault = error instanceof ProviderError ? error.fault.kind : undefined;
      if (fault !== 'reconnect' && fault !== 'rejected_input') throw error;
    }
  };
};
